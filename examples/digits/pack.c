/* pack.c: a network as JSON becomes a .tflite file.
 *
 *     pack digits.json digits.tflite
 */
#include <stdio.h>

#include "schema/json.h"
#include "schema/write.h"

/* Verifies what was laid out as any file is verified, then writes it. */
static mote_status finish(const sch_image *image, mem *m, const char *path, mote_error *e) {
  uint8_t *data = NULL;
  size_t size = 0;
  file_view view = {0};
  sch_file *read = NULL;
  mote_status status = sch_image_join(image, m, &data, &size, e);
  if (!status) status = file_from_memory(&view, m, data, size, false, e);
  if (!status) status = sch_read(&view, m, NULL, &read, e);
  if (!status) status = file_write(path, image->parts, image->count, e);
  sch_close(read);
  file_close(&view);
  mem_free(m, data);
  return status;
}

static mote_status pack(mem *m, const char *from, const char *to, mote_error *e) {
  file_view text = {0};
  sch_file *records = NULL;
  sch_image image = {0};
  mote_status status = file_open(&text, m, from, false, e);
  if (!status) status = sch_json_parse((const char *)text.data, (size_t)text.size, m, &records, e);
  if (!status) {
    status = sch_write(records, m, NULL, &image, e);
    if (!status) status = finish(&image, m, to, e);
    sch_image_free(&image);
  }
  sch_close(records);
  file_close(&text);
  return status;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: pack NETWORK.json NETWORK.tflite\n");
    return 2;
  }
  mote_error e = {0};
  mem *m = mem_new(NULL, 0);
  const mote_status status = m ? pack(m, argv[1], argv[2], &e) : MOTE_ERR_MEMORY;
  if (status) fprintf(stderr, "pack: %s\n", m ? e.text : "out of memory");
  mem_release(m);
  return status ? 1 : 0;
}
