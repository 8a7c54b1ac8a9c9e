/* image.c: pictures as objects: opening, choosing the decoder, freeing. Decoding is in jpeg.c, png.c, bmp.c, pnm.c. */
#include <string.h>

#include "base/size.h"
#include "media/image.h"
#include "media/picture.h"

mote_status picture_check(const media_source *s, uint64_t width, uint64_t height, mote_error *e) {
  if (!width || !height)
    return err_set(e, MOTE_ERR_FORMAT, "%s is a picture of %llu x %llu pixels: there is nothing in it", s->name,
                   (unsigned long long)width, (unsigned long long)height);
  if (width > INT32_MAX || height > INT32_MAX || width > s->max_pixels / height)
    return err_set(e, MOTE_ERR_LIMIT,
                   "%s says it is a picture of %llu x %llu pixels, more than the limit of %llu pixels; raise the limit "
                   "if that is meant",
                   s->name, (unsigned long long)width, (unsigned long long)height, (unsigned long long)s->max_pixels);
  return MOTE_OK;
}

mote_status picture_take(picture *p, const media_source *s, uint64_t width, uint64_t height, int32_t channels,
                         mote_error *e) {
  MOTE_TRY(picture_check(s, width, height, e));
  p->width = (int32_t)width;
  p->height = (int32_t)height;
  p->channels = channels;
  const int32_t dims[3] = {p->height, p->width, channels};
  size_t size;
  p->pixels = size_dims(dims, 3, &size) ? mem_alloc(s->mem, size) : NULL;
  if (!p->pixels) {
    err_memory(e, "the decoded picture", width * height * (uint64_t)channels);
    err_prefix(e, "%s", s->name);
    return MOTE_ERR_MEMORY;
  }
  return MOTE_OK;
}

typedef struct decoder {
  media_kind kind;
  const char *format;
  mote_status (*decode)(const media_source *s, picture *p, mote_error *e); /* NULL: not in this build */
} decoder;

static const decoder decoders[] = {
#ifdef MOTE_HAVE_JPEG
    {KIND_JPEG, "jpeg", jpeg_decode},
#else
    {KIND_JPEG, "jpeg", NULL},
#endif
#ifdef MOTE_HAVE_PNG
    {KIND_PNG, "png", png_decode},
#else
    {KIND_PNG, "png", NULL},
#endif
    {KIND_BMP, "bmp", bmp_decode},
    {KIND_PNM, "pnm", pnm_decode},
};

const char *mote_media_formats(void) {
  return ""
#ifdef MOTE_HAVE_JPEG
         "jpeg "
#endif
#ifdef MOTE_HAVE_PNG
         "png "
#endif
         "bmp pnm wav npy";
}

static const decoder *choose(const media_source *s, mote_error *e) {
  const media_kind kind = media_kind_of(s->data, s->size);
  for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++) {
    if (decoders[i].kind != kind) continue;
    if (decoders[i].decode) return &decoders[i];
    err_set(e, MOTE_ERR_UNSUPPORTED,
            "%s is %s, but this build of mote was made without lib%s; convert it to BMP or PNM", s->name,
            mote_media_kind(s->data, s->size), decoders[i].format);
    return NULL;
  }
  err_set(e, MOTE_ERR_FORMAT, "%s is no picture that mote can read: it looks like %s; JPEG, PNG, BMP and PNM are read",
          s->name, mote_media_kind(s->data, s->size));
  return NULL;
}

/* Takes over p->pixels, also on failure. */
static mote_image *wrap(picture *p, const char *format, mem *m, mote_error *e) {
  image_object *o = MEM_NEW(m, image_object);
  if (!o) {
    err_memory(e, "a picture's record", sizeof *o);
    mem_free(m, p->pixels);
    return NULL;
  }
  *o = (image_object){
      .image = {.width = p->width,
                .height = p->height,
                .channels = p->channels,
                .orientation = p->orientation,
                .damage = p->damage,
                .format = format,
                .pixels = p->pixels},
      .pixels = p->pixels,
      .mem = mem_retain(m),
  };
  return &o->image;
}

static mote_image *decode(const media_source *s, mote_error *e) {
  const decoder *d = choose(s, e);
  if (!d) return NULL;
  picture p = {.orientation = 1};
  mote_status status = d->decode(s, &p, e);
  if (!status) status = picture_orient(&p, s->mem, e);
  if (status) {
    mem_free(s->mem, p.pixels);
    return NULL;
  }
  return wrap(&p, d->format, s->mem, e);
}

mote_image *mote_image_open(const char *path, const mote_media_config *config, mote_error *e) {
  media_source s;
  if (media_open(&s, path, config, e)) return NULL;
  mote_image *image = decode(&s, e);
  media_close(&s);
  return image;
}

mote_image *mote_image_from_memory(const void *data, size_t size, const char *name, const mote_media_config *config,
                                   mote_error *e) {
  media_source s;
  if (media_from_memory(&s, data, size, name, config, e)) return NULL;
  mote_image *image = decode(&s, e);
  media_close(&s);
  return image;
}

mote_image *mote_image_from_pixels(const uint8_t *pixels, int32_t width, int32_t height, int32_t channels,
                                   const mote_media_config *config, mote_error *e) {
  if (!pixels || width < 1 || height < 1 || channels < 1 || channels > 4) {
    err_set(e, MOTE_ERR_ARGUMENT,
            "a picture of %d x %d pixels with %d channels cannot be: give 1 to 4 channels of pixels", (int)width,
            (int)height, (int)channels);
    return NULL;
  }
  media_source s;
  if (media_from_memory(&s, pixels, 1, "the picture", config, e)) return NULL;
  picture p = {.orientation = 1};
  mote_image *image = NULL;
  if (!picture_take(&p, &s, (uint64_t)width, (uint64_t)height, channels, e)) {
    memcpy(p.pixels, pixels, mem_size(p.pixels));
    image = wrap(&p, "pixels", s.mem, e);
  }
  media_close(&s);
  return image;
}

void mote_image_free(mote_image *image) {
  if (!image) return;
  image_object *o = image_object_of(image);
  mem *m = o->mem;
  mem_free(m, o->pixels);
  mem_free(m, o);
  mem_release(m);
}
