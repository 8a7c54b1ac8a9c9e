/* jpeg.c: JPEG through libjpeg. What is done with the pixels afterwards is not here. */
#include "media/picture.h"

#ifdef MOTE_HAVE_JPEG

#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "base/size.h"
#include "media/guard.h"

/* More scans than any encoder writes; each costs a pass over all pixels. */
enum { MAX_SCANS = 200 };

typedef struct jpeg {
  struct jpeg_decompress_struct lib;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr bytes;
  struct jpeg_progress_mgr progress;
  guard guard;
  const media_source *source;
  picture *picture;
  mote_error *e;
  mote_status status;
  bool ended;    /* the decoder asked for bytes behind the last one */
  uint8_t *cmyk; /* one row */
  char text[JMSG_LENGTH_MAX];
} jpeg;

static jpeg *jpeg_of(void *lib) { return ((struct jpeg_common_struct *)lib)->client_data; }

static void on_error(j_common_ptr lib) {
  jpeg *j = jpeg_of(lib);
  lib->err->format_message(lib, j->text);
  guard_throw(&j->guard);
}

/* level -1: data that is damaged but goes on; above: traces. */
static void on_message(j_common_ptr lib, int level) {
  jpeg *j = jpeg_of(lib);
  if (level >= 0) return;
  if (lib->err->msg_code == JWRN_HIT_MARKER && j->ended) guard_throw(&j->guard); /* the rest would be grey */
  if (j->picture->damage < INT32_MAX) j->picture->damage++;
}

static void on_output(j_common_ptr lib) { (void)lib; }

static void on_progress(j_common_ptr lib) {
  jpeg *j = jpeg_of(lib);
  if (j->lib.input_scan_number <= MAX_SCANS) return;
  snprintf(j->text, sizeof j->text, "more than %d scans", MAX_SCANS);
  guard_throw(&j->guard);
}

static void init_source(j_decompress_ptr lib) { (void)lib; }
static void end_source(j_decompress_ptr lib) { (void)lib; }

/* Behind the last byte the decoder finds end markers for ever. */
static boolean fill_source(j_decompress_ptr lib) {
  static const JOCTET end[2] = {0xff, JPEG_EOI};
  jpeg_of(lib)->ended = true;
  lib->src->next_input_byte = end;
  lib->src->bytes_in_buffer = 2;
  return TRUE;
}

static void skip_source(j_decompress_ptr lib, long count) {
  if (count <= 0) return;
  if ((unsigned long)count > lib->src->bytes_in_buffer) {
    fill_source(lib);
    return;
  }
  lib->src->next_input_byte += count;
  lib->src->bytes_in_buffer -= (size_t)count;
}

static int32_t find_orientation(const struct jpeg_decompress_struct *lib) {
  static const char exif[6] = "Exif\0";
  for (jpeg_saved_marker_ptr m = lib->marker_list; m; m = m->next)
    if (m->marker == JPEG_APP0 + 1 && m->data_length > sizeof exif && !memcmp(m->data, exif, sizeof exif))
      return exif_orientation(m->data + sizeof exif, m->data_length - sizeof exif);
  return 1;
}

/* Files from Adobe programs, which are nearly all CMYK files, store ink inverted: 255 is none. */
static void row_from_cmyk(const uint8_t *cmyk, uint8_t *rgb, size_t width, bool inverted) {
  for (size_t x = 0; x < width; x++, cmyk += 4, rgb += 3)
    for (int c = 0; c < 3; c++) {
      const unsigned ink = inverted ? cmyk[c] : 255u - cmyk[c], black = inverted ? cmyk[3] : 255u - cmyk[3];
      rgb[c] = (uint8_t)((ink * black + 127) / 255);
    }
}

/* libjpeg keeps the coefficients of a progressive file in memory of its own, which the limit must cover too. */
static mote_status check_memory(jpeg *j) {
  const mem *m = j->source->mem;
  if (!m->limit || !jpeg_has_multiple_scans(&j->lib)) return MOTE_OK;
  const uint64_t need =
      (uint64_t)j->lib.image_width * j->lib.image_height * (uint64_t)j->lib.num_components * sizeof(JCOEF);
  if (need <= m->limit - m->used) return MOTE_OK;
  return err_set(j->e, MOTE_ERR_MEMORY, "%s: out of memory: the coefficients of a progressive JPEG need %llu bytes",
                 j->source->name, (unsigned long long)need);
}

static mote_status start(jpeg *j) {
  struct jpeg_decompress_struct *lib = &j->lib;
  jpeg_read_header(lib, TRUE);
  j->picture->orientation = find_orientation(lib);
  const bool grey = lib->jpeg_color_space == JCS_GRAYSCALE;
  const bool cmyk = lib->jpeg_color_space == JCS_CMYK || lib->jpeg_color_space == JCS_YCCK;
  lib->out_color_space = grey ? JCS_GRAYSCALE : cmyk ? JCS_CMYK : JCS_RGB;
  MOTE_TRY(picture_take(j->picture, j->source, lib->image_width, lib->image_height, grey ? 1 : 3, j->e));
  MOTE_TRY(check_memory(j));
  if (cmyk && !(j->cmyk = MEM_ARRAY(j->source->mem, uint8_t, (size_t)lib->image_width * 4)))
    return err_memory(j->e, "a row of pixels", (uint64_t)lib->image_width * 4);
  jpeg_start_decompress(lib);
  return MOTE_OK;
}

/* Whether a file without end marker has all that it could have. Of several scans, the last ones may be missing: then
 * some bits of some coefficients never came. */
static bool is_complete(struct jpeg_decompress_struct *lib) {
  if (!jpeg_has_multiple_scans(lib)) return true;
  if (!lib->coef_bits) return false;
  for (int c = 0; c < lib->num_components; c++)
    for (int k = 0; k < DCTSIZE2; k++)
      if (lib->coef_bits[c][k]) return false;
  return true;
}

static void decode(void *arg) {
  jpeg *j = arg;
  struct jpeg_decompress_struct *lib = &j->lib;
  jpeg_create_decompress(lib);
  lib->src = &j->bytes;
  lib->progress = &j->progress;
  jpeg_save_markers(lib, JPEG_APP0 + 1, 0xffff);
  j->status = start(j);
  if (j->status) return;
  const size_t width = lib->output_width, pitch = width * (size_t)j->picture->channels;
  while (lib->output_scanline < lib->output_height) {
    uint8_t *row = j->picture->pixels + lib->output_scanline * pitch;
    JSAMPROW rows[1] = {j->cmyk ? j->cmyk : row};
    if (!jpeg_read_scanlines(lib, rows, 1)) break;
    if (j->cmyk) row_from_cmyk(j->cmyk, row, width, lib->saw_Adobe_marker);
  }
  if (j->ended && !is_complete(lib)) guard_throw(&j->guard);
  jpeg_finish_decompress(lib);
}

mote_status jpeg_decode(const media_source *s, picture *p, mote_error *e) {
  jpeg j = {.source = s, .picture = p, .e = e};
  j.lib.err = jpeg_std_error(&j.errors);
  j.lib.client_data = &j;
  j.errors.error_exit = on_error;
  j.errors.emit_message = on_message;
  j.errors.output_message = on_output;
  j.progress.progress_monitor = on_progress;
  j.bytes = (struct jpeg_source_mgr){.next_input_byte = s->data,
                                     .bytes_in_buffer = s->size,
                                     .init_source = init_source,
                                     .fill_input_buffer = fill_source,
                                     .skip_input_data = skip_source,
                                     .resync_to_restart = jpeg_resync_to_restart,
                                     .term_source = end_source};
  const bool whole = guard_run(&j.guard, decode, &j);
  jpeg_destroy_decompress(&j.lib);
  mem_free(s->mem, j.cmyk);
  if (j.status) return j.status;
  if (j.ended && !whole) return media_truncated(s, "the picture", e);
  if (!whole) return err_set(e, MOTE_ERR_FORMAT, "%s is a damaged JPEG picture: %s", s->name, j.text);
  return MOTE_OK;
}

#endif
