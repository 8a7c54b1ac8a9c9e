/* size.c: what a file takes, as it is and packed as archives pack it: by zlib's deflate, when the build has it. */
#include "mote/compress.h"

#ifdef MOTE_HAVE_ZLIB
#include <string.h>
#include <zlib.h>

/* zlib counts in unsigned ints: data goes in by pieces. */
static uint64_t deflated(const uint8_t *data, size_t size) {
  enum { PIECE = 1 << 20 };
  uint8_t out[16384];
  z_stream z;
  memset(&z, 0, sizeof z);
  if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
    return 0;
  uint64_t all = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    const size_t piece = size < PIECE ? size : PIECE;
    z.next_in = (Bytef *)(uintptr_t)data;
    z.avail_in = (uInt)piece;
    data += piece;
    size -= piece;
    do {
      z.next_out = out;
      z.avail_out = sizeof out;
      status = deflate(&z, size ? Z_NO_FLUSH : Z_FINISH);
      all += sizeof out - z.avail_out;
    } while (z.avail_out == 0);
  }
  deflateEnd(&z);
  return status == Z_STREAM_END ? all : 0;
}
#else
static uint64_t deflated(const uint8_t *data, size_t size) {
  (void)data, (void)size;
  return 0;
}
#endif

mote_size mote_size_of(const void *data, size_t size) { return (mote_size){size, deflated(data, size)}; }
