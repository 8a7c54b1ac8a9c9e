/* make.c: see make.h. */
#include "make.h"

#ifdef MOTE_HAVE_JPEG
#include <jpeglib.h>

bytes make_jpeg(int width, int height, jpeg_options o) {
  struct jpeg_compress_struct lib;
  struct jpeg_error_mgr errors;
  unsigned char *data = NULL;
  unsigned long size = 0;
  lib.err = jpeg_std_error(&errors);
  jpeg_create_compress(&lib);
  jpeg_mem_dest(&lib, &data, &size);
  lib.image_width = (JDIMENSION)width;
  lib.image_height = (JDIMENSION)height;
  lib.input_components = o.channels;
  lib.in_color_space = o.channels == 1 ? JCS_GRAYSCALE : o.channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&lib);
  jpeg_set_quality(&lib, 98, TRUE);
  lib.comp_info[0].h_samp_factor = lib.comp_info[0].v_samp_factor = 1;
  if (o.progressive) jpeg_simple_progression(&lib);
  jpeg_start_compress(&lib, TRUE);
  if (o.orientation) {
    bytes exif = make_exif(o.orientation, o.big_endian), marker = {0};
    put(&marker, "Exif\0", 6);
    put(&marker, exif.data, exif.size);
    jpeg_write_marker(&lib, JPEG_APP0 + 1, marker.data, (unsigned)marker.size);
    done(&exif);
    done(&marker);
  }
  uint8_t *row = malloc((size_t)width * (size_t)o.channels);
  assert_non_null(row);
  for (int y = 0; y < height; y++) {
    for (int x = 0; x < width; x++)
      for (int c = 0; c < o.channels; c++) row[x * o.channels + c] = o.channels == 4 && c == 3 ? 255 : sample(x, y, c);
    jpeg_write_scanlines(&lib, &row, 1);
  }
  jpeg_finish_compress(&lib);
  jpeg_destroy_compress(&lib);
  free(row);
  bytes b = {0};
  put(&b, data, size);
  free(data);
  return b;
}
#endif

#ifdef MOTE_HAVE_PNG
#include <png.h>

static void put_png(png_structp lib, png_bytep data, size_t n) { put(png_get_io_ptr(lib), data, n); }
static void flush_png(png_structp lib) { (void)lib; }

static void describe(png_structp lib, png_infop info, png_options o) {
  if (o.color == PNG_COLOR_TYPE_PALETTE) {
    png_color palette[16];
    png_byte alpha[16];
    for (int i = 0; i < 16; i++) {
      palette[i] = (png_color){(png_byte)(i * 16), (png_byte)(255 - i), (png_byte)(i * 3)};
      alpha[i] = (png_byte)(i * 17);
    }
    const int count = o.depth < 4 ? 1 << o.depth : 16;
    png_set_PLTE(lib, info, palette, count);
    if (o.transparent) png_set_tRNS(lib, info, alpha, count, NULL);
  } else if (o.transparent) {
    const png_color_16 key = {0, 1, 1, 1, 1};
    png_set_tRNS(lib, info, NULL, 0, &key);
  }
#ifdef PNG_eXIf_SUPPORTED
  if (o.orientation) {
    bytes exif = make_exif(o.orientation, true);
    png_set_eXIf_1(lib, info, (png_uint_32)exif.size, exif.data);
    done(&exif);
  }
#endif
}

/* 8-bit samples are sample(x, y, c), 16-bit ones that times 257; below 8 bits (x + y) modulo the number of values. */
static void fill_row(uint8_t *row, int width, int y, int channels, png_options o) {
  memset(row, 0, (size_t)width * 8);
  for (int x = 0; x < width; x++)
    for (int c = 0; c < channels; c++) {
      const int i = x * channels + c;
      if (o.depth == 16) row[2 * i] = row[2 * i + 1] = sample(x, y, c);
      else if (o.color == PNG_COLOR_TYPE_PALETTE && o.depth == 8) row[i] = (uint8_t)((x + y) % 16);
      else if (o.depth == 8) row[i] = sample(x, y, c);
      else row[i * o.depth / 8] |= (uint8_t)((x + y) % (1 << o.depth) << (8 - o.depth - i * o.depth % 8));
    }
}

bytes make_png(int width, int height, png_options o) {
  static const int channels_of[7] = {1, 0, 3, 1, 2, 0, 4};
  bytes b = {0};
  png_structp lib = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png_create_info_struct(lib);
  png_set_write_fn(lib, &b, put_png, flush_png);
  png_set_IHDR(lib, info, (png_uint_32)width, (png_uint_32)height, o.depth, o.color,
               o.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  describe(lib, info, o);
  png_write_info(lib, info);
  const int passes = png_set_interlace_handling(lib);
  uint8_t *row = malloc((size_t)width * 8);
  assert_non_null(row);
  for (int pass = 0; pass < passes; pass++)
    for (int y = 0; y < height; y++) {
      fill_row(row, width, y, channels_of[o.color], o);
      png_write_row(lib, row);
    }
  png_write_end(lib, info);
  png_destroy_write_struct(&lib, &info);
  free(row);
  return b;
}
#endif

static void bmp_row(bytes *b, int width, int y, int bits, bool colored) {
  const size_t start = b->size;
  uint8_t packed = 0;
  for (int x = 0; x < width; x++) {
    const int r = sample(x, y, 0), g = sample(x, y, 1), blue = sample(x, y, 2);
    if (bits == 16) put_le(b, (uint64_t)(r >> 3 << 10 | g >> 3 << 5 | blue >> 3), 2);
    else if (bits == 24) put_le(b, (uint64_t)(r << 16 | g << 8 | blue), 3);
    else if (bits == 32) put_le(b, (uint64_t)(r << 16 | g << 8 | blue), 4);
    else if (bits == 8) put_le(b, colored ? (uint64_t)(x + y) % 256 : sample(x, y, 0), 1);
    else {
      const int per_byte = 8 / bits;
      packed |= (uint8_t)((x + y) % (1 << bits) << (8 - bits * (x % per_byte + 1)));
      if (x % per_byte == per_byte - 1 || x == width - 1) {
        put_le(b, packed, 1);
        packed = 0;
      }
    }
  }
  while ((b->size - start) % 4) put_le(b, 0, 1);
}

bytes make_bmp(int width, int height, int bits, bool colored) {
  bytes b = {0};
  const int entries = bits <= 8 ? 1 << bits : 0, rows = abs(height);
  put_text(&b, "BM");
  put_le(&b, 0, 8);
  put_le(&b, (uint64_t)(54 + 4 * entries), 4);
  put_le(&b, 40, 4);
  put_le(&b, (uint32_t)width, 4);
  put_le(&b, (uint32_t)height, 4);
  put_le(&b, 1, 2);
  put_le(&b, (uint64_t)bits, 2);
  put_le(&b, 0, 24);
  for (int i = 0; i < entries; i++) {
    const int grey = i * 255 / (entries - 1);
    put_le(&b, (uint64_t)(colored ? grey << 16 | (255 - grey) << 8 | i : grey << 16 | grey << 8 | grey), 4);
  }
  for (int i = 0; i < rows; i++) bmp_row(&b, width, height < 0 ? i : rows - 1 - i, bits, colored);
  return b;
}

bytes make_pnm(int width, int height, int variant, int most) {
  bytes b = {0};
  char text[100];
  const bool bits = variant == 1 || variant == 4;
  snprintf(text, sizeof text, "P%d # a comment\n%d\t%d\n", variant, width, height);
  put_text(&b, text);
  if (!bits) snprintf(text, sizeof text, "%d\n", most), put_text(&b, text);
  const int channels = variant == 3 || variant == 6 ? 3 : 1;
  for (int y = 0; y < height; y++) {
    uint8_t packed = 0;
    for (int x = 0; x < width; x++)
      for (int c = 0; c < channels; c++) {
        const int v = bits ? (x + y) % 2 : sample(x, y, c) * most / 255;
        if (variant <= 3) snprintf(text, sizeof text, bits ? "%d" : "%d ", v), put_text(&b, text);
        else if (variant > 4) put_be(&b, (uint64_t)v, most > 255 ? 2 : 1);
        else {
          packed |= (uint8_t)(v << (7 - x % 8));
          if (x % 8 == 7 || x == width - 1) put_le(&b, packed, 1), packed = 0;
        }
      }
  }
  return b;
}

bytes make_wav(int format, int bits, int channels, int frames, bool extensible) {
  bytes b = {0};
  const int block = channels * bits / 8, data = frames * block;
  put_text(&b, "RIFF");
  put_le(&b, (uint64_t)(36 + data), 4);
  put_text(&b, "WAVE");
  put_text(&b, "LIST"); /* a chunk of odd length, to be passed over */
  put_le(&b, 3, 4);
  put(&b, "abc\0", 4);
  put_text(&b, "fmt ");
  put_le(&b, extensible ? 40 : 16, 4);
  put_le(&b, extensible ? 0xfffe : (uint64_t)format, 2);
  put_le(&b, (uint64_t)channels, 2);
  put_le(&b, 16000, 4);
  put_le(&b, (uint64_t)(16000 * block), 4);
  put_le(&b, (uint64_t)block, 2);
  put_le(&b, (uint64_t)bits, 2);
  if (extensible) {
    put_le(&b, 22, 2);
    put_le(&b, (uint64_t)bits, 2);
    put_le(&b, 0, 4);
    put_le(&b, (uint64_t)format, 2);
    put(&b, "\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71", 14);
  }
  put_text(&b, "data");
  put_le(&b, (uint64_t)data, 4);
  for (int i = 0; i < frames; i++)
    for (int c = 0; c < channels; c++) {
      const double v = wave(i, c);
      const float f = (float)v;
      if (format == 3 && bits == 32) put(&b, &f, 4);
      else if (format == 3) put(&b, &v, 8);
      else
        put_le(&b, (uint64_t)((int64_t)(v * (double)(INT64_C(1) << (bits - 1))) + (bits == 8 ? 128 : 0)),
               (size_t)bits / 8);
    }
  return b;
}

size_t make_all(bytes files[MAKE_ALL]) {
  size_t n = 0;
#ifdef MOTE_HAVE_JPEG
  files[n++] = make_jpeg(24, 18, (jpeg_options){.channels = 3, .orientation = 6});
  files[n++] = make_jpeg(24, 18, (jpeg_options){.channels = 3, .progressive = true});
  files[n++] = make_jpeg(9, 9, (jpeg_options){.channels = 4});
#endif
#ifdef MOTE_HAVE_PNG
  files[n++] = make_png(13, 9, (png_options){.color = 6, .depth = 16});
  files[n++] = make_png(13, 9, (png_options){.color = 3, .depth = 4, .transparent = true, .interlaced = true});
  files[n++] = make_png(13, 9, (png_options){.color = 0, .depth = 1, .orientation = 5});
#endif
  for (int bits = 1; bits <= 32; bits = bits == 1 ? 4 : bits == 4 ? 8 : bits + 8)
    files[n++] = make_bmp(9, bits == 8 ? -5 : 5, bits, true);
  for (int variant = 1; variant <= 6; variant++) files[n++] = make_pnm(9, 5, variant, variant > 4 ? 65535 : 255);
  files[n++] = make_wav(1, 16, 2, 30, true);
  files[n++] = make_wav(3, 32, 1, 30, false);
  static const char header[] = "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 4), }";
  bytes npy = {0};
  put(&npy, "\x93NUMPY\1", 8);
  put_le(&npy, strlen(header), 2);
  put_text(&npy, header);
  for (int i = 0; i < 48; i++) put_le(&npy, (uint64_t)i, 1);
  files[n++] = npy;
  assert_true(n <= MAKE_ALL);
  return n;
}
