/* prep.c: a picture into a tensor: finding the tensor's layout, cropping, normalising, storing. Resizing is in
 * resize.c. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/f16.h"
#include "base/size.h"
#include "media/image.h"
#include "media/resize.h"
#include "media/source.h"

/* Where the pixels of a tensor lie, in elements. */
typedef struct layout {
  int32_t width, height, channels;
  size_t row, column, channel;
} layout;

static bool is_channels(int32_t n) { return n == 1 || n == 3 || n == 4; }

static bool find_layout(const mote_tensor *t, layout *l) {
  const int32_t *d = t->dims;
  int32_t rank = t->rank;
  if (rank < 2 || rank > 4) return false;
  if (rank == 4) {
    if (*d++ != 1) return false;
    rank--;
  }
  if (rank == 3 && is_channels(d[2])) *l = (layout){d[1], d[0], d[2], 0, 0, 1};
  else if (rank == 3 && is_channels(d[0])) *l = (layout){d[2], d[1], d[0], 0, 1, 0};
  else if (rank == 2) *l = (layout){d[1], d[0], 1, 0, 0, 1};
  else return false;
  /* Where only sizes speak for a picture, a row of numbers is none. */
  const int32_t least = t->rank == 4 && is_channels(d[2]) ? 1 : 2;
  if (l->width < least || l->height < least) return false;
  if (l->channel) l->column = (size_t)l->channels;
  else l->channel = (size_t)l->width * (size_t)l->height;
  l->row = (size_t)l->width * l->column;
  return true;
}

static bool has_type(const mote_tensor *t) {
  return t->type == MOTE_FLOAT32 || t->type == MOTE_FLOAT16 || t->type == MOTE_UINT8 || t->type == MOTE_INT8 ||
         t->type == MOTE_INT16 || t->type == MOTE_INT32;
}

bool mote_tensor_takes_image(const mote_tensor *tensor) {
  layout l;
  return tensor && has_type(tensor) && find_layout(tensor, &l);
}

void mote_image_prep_default(mote_image_prep *prep, const mote_tensor *tensor) {
  const bool bytes = tensor->type == MOTE_UINT8 || tensor->type == MOTE_INT8 || tensor->type == MOTE_INT32;
  *prep = (mote_image_prep){.normalise = !bytes};
  for (int c = 0; c < 4; c++) prep->mean[c] = prep->std[c] = 127.5f;
}

/* Writes one row at a time; element (x, c) becomes round((v * gain[c] + bias[c])), or that unrounded. */
typedef struct store {
  layout layout;
  mote_type type;
  void *data;
  bool real; /* normalised: (x - mean) / std, else x */
  float mean[4], std[4];
  float scale; /* > 0: quantize */
  int32_t zero_point;
  double lowest, highest; /* of the integer type */
} store;

static double number_of(const store *s, float x, int c) {
  if (!s->real) return (double)x + s->zero_point;
  const float v = (x - s->mean[c]) / s->std[c];
  return s->scale > 0 ? round((double)v / s->scale) + s->zero_point : v;
}

static void put(const store *s, size_t i, double v) {
  if (s->type == MOTE_FLOAT32) {
    ((float *)s->data)[i] = (float)v;
    return;
  }
  if (s->type == MOTE_FLOAT16) {
    ((uint16_t *)s->data)[i] = f16_from_f32((float)v);
    return;
  }
  const int32_t q = (int32_t)fmin(fmax(round(v), s->lowest), s->highest);
  if (s->type == MOTE_INT32) ((int32_t *)s->data)[i] = q;
  else if (s->type == MOTE_INT16) ((int16_t *)s->data)[i] = (int16_t)q;
  else ((uint8_t *)s->data)[i] = (uint8_t)q;
}

static void store_row(void *arg, int32_t y, const float *row) {
  const store *s = arg;
  const layout *l = &s->layout;
  for (int32_t x = 0; x < l->width; x++)
    for (int c = 0; c < l->channels; c++) {
      const size_t i = (size_t)y * l->row + (size_t)x * l->column + (size_t)c * l->channel;
      put(s, i, number_of(s, *row++, c));
    }
}

static mote_status check_tensor(const mote_tensor *t, layout *l, mote_error *e) {
  char dims[MEDIA_DIMS_TEXT], name[64];
  err_name(name, sizeof name, t->name ? t->name : "", t->name ? strlen(t->name) : 0);
  if (!find_layout(t, l))
    return err_set(e, MOTE_ERR_SHAPE,
                   "the tensor '%s' takes %s %s, which is no shape of a picture; 1 x height x width x 1, 3 or 4 is",
                   name, mote_type_name(t->type), media_dims_text(dims, t->dims, t->rank));
  if (!has_type(t))
    return err_set(e, MOTE_ERR_TYPE,
                   "the tensor '%s' takes %s, and pictures go into float32, float16, uint8, int8, int16 and int32",
                   name, mote_type_name(t->type));
  size_t count, size;
  if (!size_dims(t->dims, t->rank, &count) || !size_mul(count, (size_t)mote_type_bits(t->type) / 8, &size) ||
      !t->data || t->size != size)
    return err_set(e, MOTE_ERR_ARGUMENT, "the tensor '%s' holds %zu bytes, which is not what its dimensions %s need",
                   name, t->data ? t->size : 0, media_dims_text(dims, t->dims, t->rank));
  return MOTE_OK;
}

static mote_status make_store(store *s, const mote_image_prep *prep, const mote_tensor *t, mote_error *e) {
  const bool integer = t->type != MOTE_FLOAT32 && t->type != MOTE_FLOAT16;
  s->type = t->type;
  s->data = t->data;
  s->real = prep->normalise;
  const int bits = mote_type_bits(t->type), is_signed = t->type != MOTE_UINT8;
  s->lowest = is_signed ? -ldexp(1, bits - 1) : 0;
  s->highest = ldexp(1, bits - is_signed) - 1;
  if (!s->real) {
    s->zero_point = t->type == MOTE_INT8 ? -128 : 0;
    return MOTE_OK;
  }
  if (integer) {
    s->scale = t->scale;
    s->zero_point = t->zero_point;
    if (!(s->scale > 0))
      return err_set(e, MOTE_ERR_TYPE,
                     "normalised pictures are real numbers, and a %s tensor without scale and zero point cannot hold "
                     "them; leave out mean and std",
                     mote_type_name(t->type));
  }
  memcpy(s->mean, prep->mean, sizeof s->mean);
  memcpy(s->std, prep->std, sizeof s->std);
  for (int c = 0; c < s->layout.channels; c++)
    if (!isfinite(s->mean[c]) || !isfinite(s->std[c]) || s->std[c] == 0)
      return err_set(e, MOTE_ERR_ARGUMENT,
                     "mean %g and std %g of channel %d cannot normalise: both must be finite and "
                     "std not 0",
                     (double)s->mean[c], (double)s->std[c], c);
  return MOTE_OK;
}

static resize_box centre_square(const mote_image *image) {
  const int32_t side = image->width < image->height ? image->width : image->height;
  return (resize_box){(image->width - side) / 2, (image->height - side) / 2, side, side};
}

mote_status mote_image_to_tensor(const mote_image *image, const mote_image_prep *prep, mote_tensor *tensor,
                                 mote_error *e) {
  if (!image || !tensor) return err_set(e, MOTE_ERR_ARGUMENT, "a picture and a tensor are needed, and one is NULL");
  mote_image_prep standard;
  if (!prep) mote_image_prep_default(&standard, tensor);
  const mote_image_prep *p = prep ? prep : &standard;
  store s = {0};
  MOTE_TRY(check_tensor(tensor, &s.layout, e));
  MOTE_TRY(make_store(&s, p, tensor, e));
  const resize_box box = p->crop ? centre_square(image) : (resize_box){0, 0, image->width, image->height};
  return resize_image(image, box, s.layout.width, s.layout.height, s.layout.channels, image_object_of(image)->mem,
                      store_row, &s, e);
}
