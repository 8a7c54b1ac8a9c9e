/* thread.h: a pool of threads and one parallel loop.
 *
 * Work is cut by the caller into `count` tasks that depend on sizes alone, so results do not depend on the number of
 * threads. Called from inside a task, or while another caller has the pool, the loop runs inline and never waits.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include "base/alloc.h"

/* One task of a loop. `worker` is in [0, pool_workers) and names scratch that nobody else uses meanwhile. */
typedef void (*pool_task)(void *arg, size_t task, int worker);

mote_pool *pool_new(mem *m, int threads, mote_error *e); /* threads as in mote_config */
void pool_free(mote_pool *pool);
int pool_workers(const mote_pool *pool); /* NULL: 1 */

/* Runs task 0 .. count-1, in any order, and returns when all are done. pool may be NULL. */
void pool_run(mote_pool *pool, size_t count, pool_task task, void *arg);

int thread_cores(void); /* cores this process may use, at least 1 */
uint64_t time_ns(void); /* monotonic clock */

#endif
