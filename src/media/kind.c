/* kind.c: telling files apart by their first bytes, for dispatch and for messages. Decides nothing about validity. */
#include <string.h>
#include <strings.h>

#include "media/source.h"

typedef struct signature {
  const char *bytes;
  uint8_t length;
  uint16_t offset;
  media_kind kind;
  const char *text;
} signature;

#define SIGN(offset, bytes, kind, text)                                                                                \
  { bytes, sizeof(bytes) - 1, offset, kind, text }

static const signature signatures[] = {
    SIGN(0, "\xff\xd8\xff", KIND_JPEG, "a JPEG picture"),
    SIGN(0, "\x89PNG\r\n\x1a\n", KIND_PNG, "a PNG picture"),
    SIGN(8, "WAVE", KIND_WAV, "a WAV sound"),
    SIGN(0, "\x93NUMPY", KIND_NPY, "a NumPy array"),
    SIGN(257, "ustar", KIND_TAR, "a tar archive"),
    SIGN(0, "GIF8", KIND_OTHER, "a GIF picture"),
    SIGN(8, "WEBP", KIND_OTHER, "a WebP picture"),
    SIGN(0, "II*\0", KIND_OTHER, "a TIFF picture"),
    SIGN(0, "MM\0*", KIND_OTHER, "a TIFF picture"),
    SIGN(4, "ftypheic", KIND_OTHER, "a HEIC picture"),
    SIGN(4, "ftypheix", KIND_OTHER, "a HEIC picture"),
    SIGN(4, "ftypmif1", KIND_OTHER, "a HEIF picture"),
    SIGN(4, "ftypavif", KIND_OTHER, "an AVIF picture"),
    SIGN(0, "\xff\x0a", KIND_OTHER, "a JPEG XL picture"),
    SIGN(4, "JXL \r\n", KIND_OTHER, "a JPEG XL picture"),
    SIGN(4, "jP  \r\n", KIND_OTHER, "a JPEG 2000 picture"),
    SIGN(0, "8BPS", KIND_OTHER, "a Photoshop file"),
    SIGN(0, "\0\0\1\0", KIND_OTHER, "an icon"),
    SIGN(0, "qoif", KIND_OTHER, "a QOI picture"),
    SIGN(4, "ftyp", KIND_OTHER, "an MP4 video"),
    SIGN(0, "\x1a\x45\xdf\xa3", KIND_OTHER, "a Matroska or WebM video"),
    SIGN(0, "ID3", KIND_OTHER, "an MP3 sound"),
    SIGN(0, "\xff\xfb", KIND_OTHER, "an MP3 sound"),
    SIGN(0, "fLaC", KIND_OTHER, "a FLAC sound"),
    SIGN(0, "OggS", KIND_OTHER, "an Ogg sound or video"),
    SIGN(0, "RIFF", KIND_OTHER, "a RIFF file of another kind"),
    SIGN(0, "RIFX", KIND_OTHER, "a big-endian RIFX sound"),
    SIGN(0, "RF64", KIND_OTHER, "an RF64 sound"),
    SIGN(4, "TFL3", KIND_OTHER, "a .tflite model"),
    SIGN(0, "\x89HDF\r\n\x1a\n", KIND_OTHER, "an HDF5 file"),
    SIGN(0, "PK\3\4", KIND_ZIP, "a zip archive"),
    SIGN(0, "PK\5\6", KIND_OTHER, "an empty zip archive"),
    SIGN(0, "\x1f\x8b", KIND_GZIP, "a gzip file"),
    SIGN(0, "\x28\xb5\x2f\xfd", KIND_OTHER, "a zstd file"),
    SIGN(0,
         "\xfd"
         "7zXZ",
         KIND_OTHER, "an xz file"),
    SIGN(0, "7z\xbc\xaf\x27\x1c", KIND_OTHER, "a 7z archive"),
    SIGN(0, "%PDF", KIND_OTHER, "a PDF document"),
    SIGN(0,
         "\x7f"
         "ELF",
         KIND_OTHER, "a program (ELF)"),
    SIGN(0, "version https://git-lfs", KIND_OTHER, "a git-LFS pointer ('git lfs pull' fetches the file itself)"),
};

static const signature bmp = SIGN(0, "BM", KIND_BMP, "a BMP picture");
static const signature pnm = SIGN(0, "P", KIND_PNM, "a PNM picture");
static const signature pam = SIGN(0, "P7\n", KIND_OTHER, "a PAM picture");

static bool matches(const signature *s, const uint8_t *data, size_t size) {
  return size >= (size_t)s->offset + s->length && !memcmp(data + s->offset, s->bytes, s->length);
}

static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static bool is_text(const uint8_t *data, size_t size) {
  for (size_t i = 0; i < size && i < 512; i++)
    if ((data[i] < ' ' && !is_space(data[i]) && data[i] != 0x1b) || data[i] == 0x7f) return false;
  return true;
}

static const signature idx = SIGN(0, "", KIND_IDX, "an idx array");

/* Two zeros, a code of a type, and the number of dimensions. */
static bool is_idx(const uint8_t *data, size_t size) {
  return size >= 8 && !data[0] && !data[1] && data[2] >= 8 && data[2] <= 14 && data[2] != 10 && data[3] >= 1 &&
         data[3] <= MOTE_MAX_RANK;
}

/* Two letters are little to go by: text that happens to begin with "BM" is text. */
static const signature *find(const uint8_t *data, size_t size) {
  for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
    if (matches(&signatures[i], data, size)) return &signatures[i];
  if (size >= 3 && data[0] == 'P' && data[1] >= '1' && data[1] <= '6' && (is_space(data[2]) || data[2] == '#'))
    return &pnm;
  if (matches(&pam, data, size)) return &pam;
  if (is_idx(data, size)) return &idx;
  return matches(&bmp, data, size) && !is_text(data, size) ? &bmp : NULL;
}

static bool begins(const uint8_t *data, size_t size, const char *word) {
  const size_t n = strlen(word);
  return size >= n && !strncasecmp((const char *)data, word, n);
}

static const char *text_kind(const uint8_t *data, size_t size) {
  while (size && is_space(*data)) data++, size--;
  if (begins(data, size, "<!doctype html") || begins(data, size, "<html")) return "an HTML page";
  if (begins(data, size, "<svg")) return "an SVG drawing";
  if (begins(data, size, "<?xml")) return "an XML document";
  return "text";
}

media_kind media_kind_of(const void *data, size_t size) {
  const signature *s = find(data, size);
  return s ? s->kind : KIND_OTHER;
}

const char *mote_media_kind(const void *data, size_t size) {
  if (!data || !size) return "an empty file";
  const signature *s = find(data, size);
  if (s) return s->text;
  return is_text(data, size) ? text_kind(data, size) : "no kind of file that mote knows";
}
