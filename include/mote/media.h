/* mote/media.h: pictures, sounds, arrays and tables, into tensors and out of them.
 *
 *     mote_image *photo = mote_image_open("photo.jpg", NULL, &e);
 *     mote_tensor *input = mote_session_input(s, 0);
 *     mote_image_prep prep;
 *     mote_image_prep_default(&prep, input);
 *     if (mote_image_to_tensor(photo, &prep, input, &e)) fprintf(stderr, "%s\n", e.text);
 *     mote_image_free(photo);
 *
 * What is decoded: JPEG and PNG (when built with libjpeg and libpng), BMP, PNM (P1 to P6), WAV, NumPy's .npy, raw
 * bytes. The kind of a file is told by its first bytes, never by its name. Files are not trusted: headers are checked
 * against the limits below before memory is taken for what they promise, and no file can crash the caller.
 *
 * Ownership: what mote_X_open or mote_X_from_memory returns is freed by mote_X_free, and the memory that its fields
 * point to goes with it. Objects are immutable; any number of threads may read one.
 *
 * Errors: see error.h. A failed call returns NULL or a status, with one sentence that begins with the file's name.
 * The formulas are spelled out in doc/media.md.
 */
#ifndef MOTE_MEDIA_H
#define MOTE_MEDIA_H

#include "mote/mote.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero-initialised (or NULL where it is asked for) means: no memory limit, 2^28 pixels, malloc and free. */
typedef struct mote_media_config {
  size_t struct_size;       /* sizeof(mote_media_config); 0 counts as the size of this version */
  uint64_t memory_limit;    /* bytes that one file's reading may hold at once; 0: no limit */
  uint64_t max_pixels;      /* width * height above this is refused; 0: 2^28 (268 million) */
  mote_allocator allocator; /* all zero: malloc and free */
} mote_media_config;

/* The decoders this build has, separated by spaces: "jpeg png bmp pnm wav npy". Static. */
MOTE_API const char *mote_media_formats(void);

/* What the bytes at the start of a file look like, for messages: "a JPEG picture", "a zip archive", "text". Knows many
 * more kinds than it can decode. `size` may be the whole file or its first 512 bytes. Never NULL; static. */
MOTE_API const char *mote_media_kind(const void *data, size_t size);

/* ---- pictures ---------------------------------------------------------------------------------------------- */

/* A decoded picture: 8 bits a channel, rows from top to bottom without gaps, pixels from left to right, channels
 * together. EXIF orientation (JPEG, PNG) has been applied: width and height are those of the upright picture.
 *
 * 16-bit samples are rounded to 8 bits, palettes are looked up, CMYK becomes RGB; colour profiles and gamma are
 * ignored, as the frameworks that train networks do. */
typedef struct mote_image {
  int32_t width, height;
  int32_t channels;      /* 1: grey, 2: grey and alpha, 3: RGB, 4: RGBA (alpha not premultiplied) */
  int32_t orientation;   /* EXIF value 1 .. 8 that was applied; 1 when the file names none */
  int32_t damage;        /* places that a JPEG decoder had to guess; 0 for a sound file */
  const char *format;    /* "jpeg", "png", "bmp" or "pnm" */
  const uint8_t *pixels; /* height * width * channels */
} mote_image;

/* Decodes a file, or `size` bytes in memory (`name` is for messages and may be NULL). config may be NULL.
 * A truncated file is refused. One exception: a JPEG of which all pixels are there, and only its end marker is not. */
MOTE_API mote_image *mote_image_open(const char *path, const mote_media_config *config, mote_error *e);
MOTE_API mote_image *mote_image_from_memory(const void *data, size_t size, const char *name,
                                            const mote_media_config *config, mote_error *e);

/* A picture from pixels of one's own (a camera, a video), which are copied. channels: 1 to 4, as above. */
MOTE_API mote_image *mote_image_from_pixels(const uint8_t *pixels, int32_t width, int32_t height, int32_t channels,
                                            const mote_media_config *config, mote_error *e);
MOTE_API void mote_image_free(mote_image *image); /* NULL is fine */

/* How pixels become numbers. */
typedef struct mote_image_prep {
  bool crop;      /* take the largest square in the middle first; else the whole picture is resized */
  bool normalise; /* (x - mean) / std for each channel, x in 0 .. 255; then quantized when the tensor is */
  float mean[4];
  float std[4]; /* not 0 */
} mote_image_prep;

/* What networks expect when nobody says otherwise: no crop; bytes as they are for uint8, int8 and int32 tensors,
 * (x - 127.5) / 127.5 for all others. */
MOTE_API void mote_image_prep_default(mote_image_prep *prep, const mote_tensor *tensor);

/* Whether a tensor takes a picture: type float32, float16, uint8, int8, int16 or int32, and dimensions 1xHxWxC, HxWxC,
 * 1xCxHxW, CxHxW (C 1, 3 or 4; the first reading that fits), 1xHxW or HxW (grey); but for the first H and W are 2 or
 * more. */
MOTE_API bool mote_tensor_takes_image(const mote_tensor *tensor);

/* Fills a tensor with a picture: crop, resize to the tensor's height and width, normalise, store.
 *
 * Channels: alpha is laid over white unless the tensor has 4 channels; colour becomes grey by
 * 0.299 R + 0.587 G + 0.114 B; grey is repeated for colour; a missing alpha is 255.
 * Resizing: bilinear; when shrinking the triangle is widened to cover all source pixels (antialiasing). A picture of
 * the tensor's size keeps its bytes.
 * Numbers: without prep->normalise, x as it is for float32, float16, uint8, int16 and int32, and x - 128 for int8.
 * With it v = (x - mean) / std is stored by float tensors; integer tensors store round(v / scale) + zero_point clamped
 * to the type, and must be quantized per tensor. Integers are rounded to nearest, ties away from zero.
 *
 * prep may be NULL (the default). tensor->data must be set and hold tensor->size bytes. */
MOTE_API mote_status mote_image_to_tensor(const mote_image *image, const mote_image_prep *prep, mote_tensor *tensor,
                                          mote_error *e);

/* ---- sounds ------------------------------------------------------------------------------------------------ */

/* A decoded sound: samples of all channels of a frame together, in [-1, 1]: PCM of n bits is divided by 2^(n-1) (8-bit
 * PCM has 128 subtracted first), floats are taken as they are. */
typedef struct mote_sound {
  int32_t rate; /* frames a second */
  int32_t channels;
  size_t frames;
  const float *samples; /* frames * channels */
} mote_sound;

/* Decodes WAV: PCM of 8, 16, 24 and 32 bits, floats of 32 and 64 bits, also in WAVE_FORMAT_EXTENSIBLE. Truncated files
 * are refused; a data chunk of unknown length (0 or 2^32 - 1, as pipes write it) reaches to the end of the file. */
MOTE_API mote_sound *mote_sound_open(const char *path, const mote_media_config *config, mote_error *e);
MOTE_API mote_sound *mote_sound_from_memory(const void *data, size_t size, const char *name,
                                            const mote_media_config *config, mote_error *e);
MOTE_API void mote_sound_free(mote_sound *sound); /* NULL is fine */

/* Another sample rate, as a new sound: a sinc of 16 zero crossings a side under a Hann window, its cutoff at the lower
 * of the two Nyquist frequencies. The length becomes ceil(frames * rate / sound->rate). At most 256 channels. */
MOTE_API mote_sound *mote_sound_resample(const mote_sound *sound, int32_t rate, const mote_media_config *config,
                                         mote_error *e);

/* Fills a tensor with the mean of all channels, from frame `start` on; what lies behind the end is silence.
 * float32: in [-1, 1]. int8, uint8, int16 with a scale: round(v / scale) + zero_point, clamped; int16 without: v *
 * 2^15, as 16-bit PCM. */
MOTE_API mote_status mote_sound_to_tensor(const mote_sound *sound, size_t start, mote_tensor *tensor, mote_error *e);

/* ---- arrays ------------------------------------------------------------------------------------------------ */

/* A dense array, C order. */
typedef struct mote_array {
  mote_type type;
  int32_t rank;
  int32_t dims[MOTE_MAX_RANK];
  size_t size; /* bytes of data */
  const void *data;
} mote_array;

/* Reads NumPy's .npy, header versions 1 to 3: bool, (u)int8 to (u)int64, float16 to float64, complex64, complex128,
 * little-endian; byte and unicode strings become MOTE_STRING (UTF-8). Arrays in Fortran order are transposed. */
MOTE_API mote_array *mote_array_open(const char *path, const mote_media_config *config, mote_error *e);
MOTE_API mote_array *mote_array_from_memory(const void *data, size_t size, const char *name,
                                            const mote_media_config *config, mote_error *e);
MOTE_API void mote_array_free(mote_array *array); /* NULL is fine */

/* Copies an array into a tensor of the same dimensions. The types must be the same, except with `convert`: then
 * numbers go through real values: an array of any float or integer type is stored as it is in float tensors, and as
 * round(v / scale) + zero_point, clamped, in quantized ones. `name` says in messages what the array is (a file's name).
 */
MOTE_API mote_status mote_array_to_tensor(const mote_array *array, const char *name, bool convert, mote_tensor *tensor,
                                          mote_error *e);

/* Writes a tensor as .npy (version 1.0), whole or not at all. With `convert` quantized tensors are written as float32:
 * scale * (q - zero_point). Types that NumPy lacks: bfloat16 and float8 become float32, int4 and int2 int8, uint4
 * uint8; strings become byte strings of the longest one's length, padded by 0. */
MOTE_API mote_status mote_array_write(const char *path, const mote_tensor *tensor, bool convert, mote_error *e);

/* Reads a file of exactly tensor->size bytes into a tensor, and writes a tensor's bytes. */
MOTE_API mote_status mote_raw_read(const char *path, mote_tensor *tensor, mote_error *e);
MOTE_API mote_status mote_raw_write(const char *path, const mote_tensor *tensor, mote_error *e);

/* ---- files of many samples --------------------------------------------------------------------------------- */

/* The arrays in a file: one for .npy and idx (as MNIST has them), named ones for .npz; each may be compressed by gzip,
 * when built with zlib; .npz when built with libzip. Arrays stay in their files: these are mapped, or unpacked into
 * temporary files that are, and memory holds what was looked at last. A file that another process makes shorter
 * meanwhile ends the program, as with everything mapped. */
typedef struct mote_arrays {
  int32_t count;
  const char *const *names; /* without ".npy"; "" in a file of one array */
  const mote_array *arrays;
} mote_arrays;

/* The bytes of the second form must outlive the object. */
MOTE_API mote_arrays *mote_arrays_open(const char *path, const mote_media_config *config, mote_error *e);
MOTE_API mote_arrays *mote_arrays_from_memory(const void *data, size_t size, const char *name,
                                              const mote_media_config *config, mote_error *e);
MOTE_API void mote_arrays_free(mote_arrays *arrays); /* NULL is fine */

/* What an array of numbers holds at `index` of its first axis: an array of one dimension less, which points into it. */
MOTE_API mote_status mote_array_slice(const mote_array *array, int64_t index, mote_array *slice, mote_error *e);

/* A table of text: CSV, or with tabs, semicolons or spaces between its cells, whichever of them the first line has;
 * cells may be in double quotes. Also compressed by gzip. */
typedef struct mote_table {
  int64_t rows; /* without the header */
  int32_t columns;
  const char *const *names; /* [columns], when the first row is a header: it holds no number, and the next one does, or
                               one of its cells is "label", "class", "name", "file" or "path"; else NULL */
} mote_table;

/* The bytes of the second form must outlive the object. */
MOTE_API mote_table *mote_table_open(const char *path, const mote_media_config *config, mote_error *e);
MOTE_API mote_table *mote_table_from_memory(const void *data, size_t size, const char *name,
                                            const mote_media_config *config, mote_error *e);
MOTE_API void mote_table_free(mote_table *table); /* NULL is fine */

/* The numbers of a row into to[columns], with a decimal point whatever the locale; NaN where there is none. */
MOTE_API mote_status mote_table_numbers(const mote_table *table, int64_t row, double *to, mote_error *e);
/* The text of a cell, without its quotes, cut to room - 1 bytes and ended by 0; returns its whole length. */
MOTE_API size_t mote_table_text(const mote_table *table, int64_t row, int32_t column, char *to, size_t room);

#ifdef __cplusplus
}
#endif
#endif
