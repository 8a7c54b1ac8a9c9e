/* foreign.c: what a file that is no .tflite seems to be, so that the message can say what to do. */
#include <string.h>

#include "schema/rules.h"

typedef struct sign {
  const char *bytes;
  size_t size;
  const char *sentence;
} sign;

#define SIGN(bytes, sentence)                                                                                          \
  { bytes, sizeof(bytes) - 1, sentence }
static const sign signs[] = {
    SIGN("PK\x03\x04", "this is a zip archive, not a .tflite file: unpack it and open the .tflite file inside"),
    SIGN("\x1f\x8b", "this is a gzip file, not a .tflite file: unpack it with gunzip or tar first"),
    SIGN("version https://git-lfs",
         "this is a git-LFS pointer, not the .tflite file that it stands for: fetch that with "
         "'git lfs pull'"),
    SIGN("\x89PNG", "this is a PNG image, not a .tflite file: the model comes first, then the image"),
    SIGN("\xff\xd8\xff", "this is a JPEG image, not a .tflite file: the model comes first, then the image"),
    SIGN("\x89HDF", "this is an HDF5 file (a Keras .h5 model, perhaps), not a .tflite file: convert it first"),
    SIGN("GGUF", "this is a GGUF file, not a .tflite file"),
    SIGN("{", "this is text (JSON, perhaps), not a .tflite file"),
};

/* Case does not matter; `word` is lower-case. */
static bool begins_with(const uint8_t *data, uint64_t size, const char *word) {
  const size_t n = strlen(word);
  if (size < n) return false;
  for (size_t i = 0; i < n; i++) {
    const int c = data[i] >= 'A' && data[i] <= 'Z' ? data[i] + 32 : data[i];
    if (c != word[i]) return false;
  }
  return true;
}

static bool is_html(const uint8_t *data, uint64_t size) {
  uint64_t i = size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  while (i < size && (data[i] == ' ' || data[i] == '\t' || data[i] == '\r' || data[i] == '\n')) i++;
  return begins_with(data + i, size - i, "<!doctype") || begins_with(data + i, size - i, "<html");
}

static bool is_text(const uint8_t *data, uint64_t size) {
  const uint64_t n = size < 512 ? size : 512;
  for (uint64_t i = 0; i < n; i++)
    if ((data[i] < 0x20 && data[i] != '\t' && data[i] != '\r' && data[i] != '\n') || data[i] == 0x7f) return false;
  return true;
}

const char *sch_foreign(const uint8_t *data, uint64_t size) {
  if (size == 0) return "the file is empty";
  if (size >= 8 && memcmp(data + 4, "TFL3", 4) == 0) return NULL;
  for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
    if (size >= signs[i].size && memcmp(data, signs[i].bytes, signs[i].size) == 0) return signs[i].sentence;
  if (is_html(data, size))
    return "this is a web page, not a .tflite file: the download gave a page about the model instead of the model";
  if (is_text(data, size)) return "this is text, not a .tflite file";
  if (size < 8) return "the file is shorter than 8 bytes, and no .tflite file is";
  return "this is not a .tflite file: bytes 4 to 7 are not 'TFL3'";
}
