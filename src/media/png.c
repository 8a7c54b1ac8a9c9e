/* png.c: PNG through libpng. Colour profiles and gamma are ignored on purpose, as trained networks never saw them. */
#include "media/picture.h"

#ifdef MOTE_HAVE_PNG

#include <stdio.h>
#include <string.h>

#include <png.h>

#include "media/guard.h"

typedef struct reader {
  png_structp lib;
  png_infop info;
  guard guard;
  const media_source *source;
  picture *picture;
  mote_error *e;
  mote_status status;
  size_t at; /* bytes read so far */
  bool ended;
  char text[120];
} reader;

static void on_error(png_structp lib, png_const_charp message) {
  reader *r = png_get_error_ptr(lib);
  snprintf(r->text, sizeof r->text, "%s", message);
  guard_throw(&r->guard);
}

static void on_warning(png_structp lib, png_const_charp message) {
  (void)lib;
  (void)message;
}

static void *take(png_structp lib, png_alloc_size_t size) {
  return mem_alloc(((reader *)png_get_mem_ptr(lib))->source->mem, size);
}

static void give_back(png_structp lib, void *p) { mem_free(((reader *)png_get_mem_ptr(lib))->source->mem, p); }

static void read_bytes(png_structp lib, png_bytep to, size_t count) {
  reader *r = png_get_io_ptr(lib);
  if (count > r->source->size - r->at) {
    r->ended = true;
    png_error(lib, "end of file");
  }
  memcpy(to, r->source->data + r->at, count);
  r->at += count;
}

static void set_limits(png_structp lib) {
  png_set_user_limits(lib, INT32_MAX, INT32_MAX); /* picture_take applies the caller's */
  png_set_chunk_cache_max(lib, 64);
  png_set_chunk_malloc_max(lib, 1 << 20);
}

static int32_t find_orientation(reader *r) {
#ifdef PNG_eXIf_SUPPORTED
  png_uint_32 size = 0;
  png_bytep exif = NULL;
  if (png_get_eXIf_1(r->lib, r->info, &size, &exif) && exif) return exif_orientation(exif, size);
#endif
  return 1;
}

/* Deflate makes at most 1032 bytes of one: a small file that promises a large picture costs no memory. */
static mote_status check_size(reader *r) {
  const uint32_t width = png_get_image_width(r->lib, r->info), height = png_get_image_height(r->lib, r->info);
  MOTE_TRY(picture_check(r->source, width, height, r->e));
  const uint64_t bits = (uint64_t)width * png_get_bit_depth(r->lib, r->info) * png_get_channels(r->lib, r->info);
  if ((bits + 7) / 8 * height / 1032 > r->source->size) return media_truncated(r->source, "the picture", r->e);
  return MOTE_OK;
}

static void decode(void *arg) {
  reader *r = arg;
  r->lib = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, r, on_error, on_warning, r, take, give_back);
  r->info = r->lib ? png_create_info_struct(r->lib) : NULL;
  if (!r->info) {
    r->status = err_memory(r->e, "libpng", sizeof(*r));
    return;
  }
  set_limits(r->lib);
  png_set_read_fn(r->lib, r, read_bytes);
  png_read_info(r->lib, r->info);
  r->status = check_size(r);
  if (r->status) return;

  png_set_expand(r->lib);   /* palettes to RGB, 1, 2 and 4 bits to 8, a transparent colour to alpha */
  png_set_scale_16(r->lib); /* rounded, not cut off */
  const int color = png_get_color_type(r->lib, r->info);
  const bool alpha = (color & PNG_COLOR_MASK_ALPHA) || png_get_valid(r->lib, r->info, PNG_INFO_tRNS);
  const int32_t channels = (color & PNG_COLOR_MASK_COLOR ? 3 : 1) + alpha;
  r->status = picture_take(r->picture, r->source, png_get_image_width(r->lib, r->info),
                           png_get_image_height(r->lib, r->info), channels, r->e);
  if (r->status) return;
  const int passes = png_set_interlace_handling(r->lib);
  png_read_update_info(r->lib, r->info);
  const size_t pitch = (size_t)r->picture->width * (size_t)channels;
  if (png_get_rowbytes(r->lib, r->info) != pitch) png_error(r->lib, "rows of an unexpected size");
  for (int pass = 0; pass < passes; pass++)
    for (int32_t y = 0; y < r->picture->height; y++) png_read_row(r->lib, r->picture->pixels + (size_t)y * pitch, NULL);
  png_read_end(r->lib, r->info);
  r->picture->orientation = find_orientation(r);
}

mote_status png_decode(const media_source *s, picture *p, mote_error *e) {
  reader r = {.source = s, .picture = p, .e = e};
  const bool whole = guard_run(&r.guard, decode, &r);
  if (r.lib) png_destroy_read_struct(&r.lib, &r.info, NULL);
  if (r.status) return r.status;
  if (r.ended) return media_truncated(s, "the picture", e);
  if (!whole) return err_set(e, MOTE_ERR_FORMAT, "%s is a damaged PNG picture: %s", s->name, r.text);
  return MOTE_OK;
}

#endif
