/* file.c: see file.h. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/size.h"

static mote_status io_error(mote_error *e, const char *what, const char *name) {
  return err_set(e, MOTE_ERR_IO, "cannot %s %s: %s", what, name, strerror(errno));
}

static mote_status read_range(file_view *v, mem *m, int fd, const char *name, uint64_t offset, size_t size,
                              mote_error *e) {
  uint8_t *data = mem_alloc(m, size);
  if (!data) return err_memory(e, "a copy of the file", size);
  for (size_t done = 0; done < size;) {
    const ssize_t got = pread(fd, data + done, size - done, (off_t)(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      mem_free(m, data);
      return got < 0 ? io_error(e, "read", name) : err_set(e, MOTE_ERR_IO, "%s became shorter while it was read", name);
    }
    done += (size_t)got;
  }
  v->data = v->copy = data;
  return MOTE_OK;
}

static mote_status map_range(file_view *v, int fd, const char *name, uint64_t offset, size_t size, mote_error *e) {
  const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), skip = offset % page;
  size_t map_size;
  if (!size_add(size, (size_t)skip, &map_size))
    return err_set(e, MOTE_ERR_LIMIT, "%s is too large to be mapped on this machine", name);
  void *map = mmap(NULL, map_size, PROT_READ, MAP_PRIVATE, fd, (off_t)(offset - skip));
  if (map == MAP_FAILED) return io_error(e, "map", name);
  /* Metadata lies in small pieces all over the file: readahead would pull in the weights between them. */
  madvise(map, map_size, MADV_RANDOM);
  v->map = map;
  v->map_size = map_size;
  v->data = (const uint8_t *)map + skip;
  return MOTE_OK;
}

mote_status file_from_fd(file_view *v, mem *m, int fd, const char *name, uint64_t offset, uint64_t length, bool copy,
                         mote_error *e) {
  *v = (file_view){.mem = m};
  struct stat st;
  if (fstat(fd, &st)) return io_error(e, "examine", name);
  if (S_ISDIR(st.st_mode)) return err_set(e, MOTE_ERR_IO, "%s is a directory, not a file", name);
  if (!S_ISREG(st.st_mode)) {
    void *data;
    size_t size;
    MOTE_TRY(file_read_all(m, fd, name, INT64_MAX, &data, &size, e));
    v->data = v->copy = data;
    v->size = size;
    return MOTE_OK;
  }
  const uint64_t have = (uint64_t)st.st_size;
  if (offset > have || (length && length > have - offset))
    return err_set(e, MOTE_ERR_ARGUMENT, "%s holds %llu bytes, but %llu from position %llu were asked for", name,
                   (unsigned long long)have, (unsigned long long)length, (unsigned long long)offset);
  v->size = length ? length : have - offset;
  if (!v->size) return err_set(e, MOTE_ERR_FORMAT, "%s is empty", name);
  size_t size;
  if (!size_from_u64(v->size, &size) || size > SSIZE_MAX)
    return err_set(e, MOTE_ERR_LIMIT, "%s holds %llu bytes, more than this machine can address", name,
                   (unsigned long long)v->size);
  return copy ? read_range(v, m, fd, name, offset, size, e) : map_range(v, fd, name, offset, size, e);
}

mote_status file_open(file_view *v, mem *m, const char *path, bool copy, mote_error *e) {
  *v = (file_view){.mem = m};
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return io_error(e, "open", path);
  struct stat st;
  const bool device = !fstat(fd, &st) && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode));
  const mote_status status = device ? err_set(e, MOTE_ERR_IO, "%s is a device, not a file", path)
                                    : file_from_fd(v, m, fd, path, 0, 0, copy, e);
  close(fd);
  return status;
}

mote_status file_from_memory(file_view *v, mem *m, const void *data, size_t size, bool copy, mote_error *e) {
  *v = (file_view){.data = data, .size = size, .mem = m};
  if (!copy) return MOTE_OK;
  v->copy = mem_alloc(m, size);
  if (!v->copy) return err_memory(e, "a copy of the model", size);
  if (size) memcpy(v->copy, data, size);
  v->data = v->copy;
  return MOTE_OK;
}

void file_close(file_view *v) {
  if (v->map) munmap(v->map, v->map_size);
  if (v->copy) mem_free(v->mem, v->copy);
  *v = (file_view){0};
}

void file_forget(const file_view *v, uint64_t offset, uint64_t size) {
  if (!v->map || offset > v->size || size > v->size - offset) return;
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  const uintptr_t from = ((uintptr_t)(v->data + offset) + page - 1) & ~(page - 1);
  const uintptr_t to = (uintptr_t)(v->data + offset + size) & ~(page - 1);
  if (to > from) madvise((void *)from, to - from, MADV_DONTNEED);
}

mote_status file_read_all(mem *m, int fd, const char *name, uint64_t limit, void **data, size_t *size, mote_error *e) {
  size_t room = 1 << 16, used = 0;
  uint8_t *buffer = mem_alloc(m, room);
  if (!buffer) return err_memory(e, name, room);
  for (;;) {
    if (used == room) {
      uint8_t *larger = size_mul(room, 2, &room) ? mem_resize(m, buffer, room) : NULL;
      if (!larger) {
        mem_free(m, buffer);
        return err_memory(e, name, room);
      }
      buffer = larger;
    }
    const ssize_t got = read(fd, buffer + used, room - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 || used > limit) {
      mem_free(m, buffer);
      return got < 0 ? io_error(e, "read", name)
                     : err_set(e, MOTE_ERR_LIMIT, "%s holds more than %llu bytes", name, (unsigned long long)limit);
    }
    if (!got) break;
    used += (size_t)got;
  }
  *data = buffer;
  *size = used;
  return MOTE_OK;
}

static int write_parts(int fd, const file_part *parts, size_t count) {
  for (size_t i = 0; i < count; i++)
    for (size_t done = 0; done < parts[i].size;) {
      const ssize_t put = write(fd, (const char *)parts[i].data + done, parts[i].size - done);
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) return -1;
      done += (size_t)put;
    }
  return 0;
}

/* Makes the rename itself durable. A file system that cannot sync a directory is no reason to fail. */
static void sync_folder_of(const char *path) {
  char folder[PATH_MAX];
  const char *slash = strrchr(path, '/');
  const size_t n = slash ? (size_t)(slash - path) : 0;
  if (n >= sizeof folder) return;
  memcpy(folder, path, n);
  folder[n] = 0;
  const int fd = open(n ? folder : slash ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

mote_status file_write_if(const char *path, const file_part *parts, size_t count, file_accept *accept, mote_error *e) {
  char temporary[PATH_MAX];
  if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary)
    return err_set(e, MOTE_ERR_ARGUMENT, "the name %.100s... is too long", path);
  const int fd = mkstemp(temporary);
  if (fd < 0) return io_error(e, "write", path);
  const mode_t mask = umask(0);
  umask(mask);
  int failed = fchmod(fd, 0666 & ~mask) || write_parts(fd, parts, count) || fsync(fd);
  failed |= close(fd);
  const mote_status accepted = !failed && accept ? accept(temporary, e) : MOTE_OK;
  if (failed || accepted != MOTE_OK || rename(temporary, path)) {
    const int why = errno;
    unlink(temporary);
    errno = why;
    return accepted != MOTE_OK ? accepted : io_error(e, "write", path);
  }
  sync_folder_of(path);
  return MOTE_OK;
}

mote_status file_write(const char *path, const file_part *parts, size_t count, mote_error *e) {
  return file_write_if(path, parts, count, NULL, e);
}
