/* page.c: see page.h. The frame has marks {{NAME}} where the parts go. */
#include "view/page.h"

#include <string.h>

static void put_part(const page *p, const char *name, size_t length, text *to) {
#define IS(word) (length == sizeof word - 1 && !memcmp(name, word, length))
  if (IS("title")) text_html(to, p->title, strlen(p->title));
  else if (IS("frame-style")) text_put(to, web_frame_css);
  else if (IS("style")) text_put(to, p->style);
  else if (IS("body")) text_put(to, p->body);
  else if (IS("data")) text_add(to, p->data->data, p->data->size);
  else if (IS("frame-script")) text_put(to, web_frame_js);
  else if (IS("script")) text_put(to, p->script);
#undef IS
}

void page_write(const page *p, text *to) {
  const char *at = web_frame_html;
  for (const char *mark; (mark = strstr(at, "{{"));) {
    const char *const end = strstr(mark, "}}");
    text_add(to, at, (size_t)(mark - at));
    put_part(p, mark + 2, (size_t)(end - mark - 2), to);
    at = end + 2;
  }
  text_put(to, at);
}
