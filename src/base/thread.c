/* thread.c: see thread.h. Workers spin for a moment after a loop, since the next one mostly follows at once, then
 * sleep on a condition variable. */
#include "base/thread.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fpenv.h"

enum { MAX_THREADS = 256, SPIN_ROUNDS = 4000 };

typedef struct job {
  pool_task task;
  void *arg;
  size_t count;
} job;

struct mote_pool {
  mem *mem;
  int workers; /* threads beside the caller, plus 1 */
  pthread_t threads[MAX_THREADS];
  int started;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  atomic_flag taken;      /* a loop is under way */
  _Atomic unsigned round; /* one more for each loop */
  _Atomic int stop;
  _Atomic size_t next; /* the next task to take */
  _Atomic int busy;    /* workers that have not finished this round */
  job job;
};

/* Set inside a task, so that nested loops run inline. */
static _Thread_local int in_task;

uint64_t time_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int thread_cores(void) {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
#endif
  const long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (int)n : 1;
}

static void work(mote_pool *p, int worker) {
  in_task++;
  for (size_t i; (i = atomic_fetch_add(&p->next, 1)) < p->job.count;) p->job.task(p->job.arg, i, worker);
  in_task--;
}

static unsigned wait_round(mote_pool *p, unsigned seen) {
  for (int i = 0; i < SPIN_ROUNDS; i++) {
    if (atomic_load(&p->round) != seen || atomic_load(&p->stop)) return atomic_load(&p->round);
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  pthread_mutex_lock(&p->lock);
  while (atomic_load(&p->round) == seen && !atomic_load(&p->stop)) pthread_cond_wait(&p->wake, &p->lock);
  pthread_mutex_unlock(&p->lock);
  return atomic_load(&p->round);
}

typedef struct start {
  mote_pool *pool;
  int worker;
} start;

static void *thread_main(void *arg) {
  const start s = *(start *)arg;
  mem_free(s.pool->mem, arg);
  for (unsigned seen = 0;;) {
    seen = wait_round(s.pool, seen);
    if (atomic_load(&s.pool->stop)) return NULL;
    const fp_state fp = fp_enter();
    work(s.pool, s.worker);
    fp_leave(fp);
    atomic_fetch_sub(&s.pool->busy, 1);
  }
}

mote_pool *pool_new(mem *m, int threads, mote_error *e) {
  if (threads < 0) threads = thread_cores();
  if (threads < 1) threads = 1;
  if (threads > MAX_THREADS) threads = MAX_THREADS;
  mote_pool *p = MEM_NEW(m, mote_pool);
  if (!p) {
    err_memory(e, "a thread pool", sizeof *p);
    return NULL;
  }
  p->mem = mem_retain(m);
  pthread_mutex_init(&p->lock, NULL);
  pthread_cond_init(&p->wake, NULL);
  atomic_flag_clear(&p->taken);
  p->workers = 1;
  /* A thread that cannot be had is no failure: the loop runs with those there are. */
  for (int i = 1; i < threads; i++) {
    start *s = MEM_NEW(m, start);
    if (!s) break;
    *s = (start){p, i};
    if (pthread_create(&p->threads[p->started], NULL, thread_main, s)) {
      mem_free(m, s);
      break;
    }
    p->started++;
    p->workers++;
  }
  return p;
}

void pool_free(mote_pool *p) {
  if (!p) return;
  pthread_mutex_lock(&p->lock);
  atomic_store(&p->stop, 1);
  pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->lock);
  for (int i = 0; i < p->started; i++) pthread_join(p->threads[i], NULL);
  pthread_cond_destroy(&p->wake);
  pthread_mutex_destroy(&p->lock);
  mem *m = p->mem;
  mem_free(m, p);
  mem_release(m);
}

int pool_workers(const mote_pool *p) { return p ? p->workers : 1; }

void pool_run(mote_pool *p, size_t count, pool_task task, void *arg) {
  const bool alone = !p || p->workers == 1 || count < 2 || in_task || atomic_flag_test_and_set(&p->taken);
  if (alone) {
    in_task++;
    for (size_t i = 0; i < count; i++) task(arg, i, 0);
    in_task--;
    return;
  }
  p->job = (job){task, arg, count};
  atomic_store(&p->next, 0);
  atomic_store(&p->busy, p->workers - 1);
  pthread_mutex_lock(&p->lock);
  atomic_fetch_add(&p->round, 1);
  pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->lock);
  work(p, 0);
  while (atomic_load(&p->busy)) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    sched_yield();
#endif
  }
  atomic_flag_clear(&p->taken);
}
