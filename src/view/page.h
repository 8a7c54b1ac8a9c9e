/* page.h: one self-contained HTML page: nothing in it is fetched from elsewhere, and its own policy forbids it. The
 * frame (colours, light and dark, keys, helpers) is common; a body, style and script make a page of it.
 */
#ifndef VIEW_PAGE_H
#define VIEW_PAGE_H

#include "view/text.h"

/* A file of src/view/web, built into the library; ended by a 0. */
extern const char web_frame_html[], web_frame_css[], web_frame_js[];
extern const char web_model_html[], web_model_css[], web_model_js[];

typedef struct page {
  const char *title;
  const char *body, *style, *script;
  const text *data; /* JSON, which the script finds as `data` */
} page;

void page_write(const page *p, text *to);

#endif
