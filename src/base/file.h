/* file.h: files as bytes in memory, and files written so that nothing is ever lost. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/alloc.h"

/* A read-only view of a whole file, or of a part of one. */
typedef struct file_view {
  const uint8_t *data;
  uint64_t size;
  void *map; /* what to unmap, or NULL */
  size_t map_size;
  void *copy; /* what to free, or NULL */
  mem *mem;
} file_view;

/* Maps (or, with copy, reads) a file. Directories, devices and empty files are refused with a sentence. */
mote_status file_open(file_view *v, mem *m, const char *path, bool copy, mote_error *e);
/* The same on a part of an open descriptor; length 0: to the end. `name` is for messages. */
mote_status file_from_fd(file_view *v, mem *m, int fd, const char *name, uint64_t offset, uint64_t length, bool copy,
                         mote_error *e);
mote_status file_from_memory(file_view *v, mem *m, const void *data, size_t size, bool copy, mote_error *e);
void file_close(file_view *v);

/* Tells the kernel that a range of a mapped view is not needed in memory any more (its pages are clean). */
void file_forget(const file_view *v, uint64_t offset, uint64_t size);

/* Reads all of a descriptor that cannot be mapped (standard input, a pipe) into memory of m; at most `limit` bytes. */
mote_status file_read_all(mem *m, int fd, const char *name, uint64_t limit, void **data, size_t *size, mote_error *e);

/* Writes a file whole or not at all: a temporary name beside it, synced, renamed. `parts` are written in order. */
typedef struct file_part {
  const void *data;
  size_t size;
} file_part;
mote_status file_write(const char *path, const file_part *parts, size_t count, mote_error *e);

/* The same, and looks at what was written, under its temporary name, before it takes the place of another file. */
typedef mote_status file_accept(const char *temporary, mote_error *e);
mote_status file_write_if(const char *path, const file_part *parts, size_t count, file_accept *accept, mote_error *e);

#endif
