/* backend PORT body|auth : single-thread epoll HTTP/1.1 keep-alive responder for the bench, on 127.0.0.1 only.
 * body: 200 with 512 bytes, or with 1 MiB when the target contains "/big".
 * auth: 200, empty, X-User: alice (a trivial forward-auth decision service).
 * A request's body is read to its end and dropped, by Content-Length or chunked, and the answer comes after it.
 * It is no server for anything else: heads over 64 KiB end the connection. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#define MAXFD 65536
#define BIG (1024 * 1024)
#define HEAD 65536
struct reply { const char *bytes; size_t length; };
/* `state` walks a chunked body: size line, data, the line end after data, trailer lines. */
enum state { HEADERS, LENGTH, SIZE, DATA, DATA_END, TRAILER };
struct connection {
  char *head; size_t held;
  enum state state; size_t left; char line[32]; size_t line_length;
  const struct reply *reply;
  const char *out; size_t out_left;
};
static struct connection table[MAXFD];
static struct reply small, big, decision;
static int decides;

static struct reply build(const char *fields, size_t body) {
  char *p = malloc(512 + body);
  size_t n = sprintf(p, "HTTP/1.1 200 OK\r\nServer: backend\r\nDate: Tue, 24 Nov 2026 14:00:00 GMT\r\n%sContent-Length: %zu\r\n\r\n", fields, body);
  memset(p + n, 'x', body);
  return (struct reply){p, n + body};
}

/* Queues the reply and writes what the socket takes; 0 when the connection is broken. */
static int flush(int ep, int fd, struct connection *c) {
  while (c->out_left) {
    ssize_t k = send(fd, c->out, c->out_left, MSG_NOSIGNAL);
    if (k > 0) { c->out += k; c->out_left -= k; continue; }
    if (k < 0 && errno == EAGAIN) {
      struct epoll_event e = {.events = EPOLLOUT, .data.fd = fd};
      return epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e) == 0;
    }
    return 0;
  }
  return 1;
}

static int answer(int ep, int fd, struct connection *c) {
  c->state = HEADERS;
  c->out = c->reply->bytes;
  c->out_left = c->reply->length;
  return flush(ep, fd, c);
}

static const char *field(const char *head, size_t n, const char *name) {
  size_t m = strlen(name);
  for (const char *p = head, *e = head + n; (p = memmem(p, e - p, "\r\n", 2)); p += 2)
    if ((size_t)(e - p) > m + 2 && !strncasecmp(p + 2, name, m)) return p + 2 + m;
  return 0;
}

/* Takes one head of n bytes; 0 when there is no body to wait for. */
static int begin(struct connection *c, const char *head, size_t n) {
  const char *line_end = memmem(head, n, "\r\n", 2), *v;
  c->reply = decides ? &decision : memmem(head, line_end - head, "/big", 4) ? &big : &small;
  if ((v = field(head, n, "transfer-encoding:"))) { c->state = SIZE; c->line_length = 0; return 1; }
  if ((v = field(head, n, "content-length:")) && (c->left = strtoul(v, 0, 10))) { c->state = LENGTH; return 1; }
  return 0;
}

/* Feeds body bytes; returns how many were used, and sets *done at the body's end. */
static size_t body(struct connection *c, const char *p, size_t n, int *done) {
  size_t i = 0;
  while (i < n) {
    size_t k;
    switch (c->state) {
    case LENGTH: case DATA:
      k = n - i < c->left ? n - i : c->left;
      i += k; c->left -= k;
      if (!c->left) { if (c->state == LENGTH) { *done = 1; return i; } c->state = DATA_END; c->line_length = 0; }
      break;
    case DATA_END:
      if (p[i++] == '\n') { c->state = SIZE; c->line_length = 0; }
      break;
    case SIZE:
      if (p[i] == '\n') {
        c->line[c->line_length] = 0; c->left = strtoul(c->line, 0, 16);
        c->state = c->left ? DATA : TRAILER; c->line_length = 0;
      } else if (c->line_length < sizeof c->line - 1) c->line[c->line_length++] = p[i];
      i++;
      break;
    case TRAILER:
      if (p[i] == '\n') { if (!c->line_length) { *done = 1; return i + 1; } c->line_length = 0; }
      else if (p[i] != '\r') c->line_length = 1;
      i++;
      break;
    default: return i;
    }
  }
  return i;
}

/* Everything that arrived, possibly several requests; 0 ends the connection. */
static int take(int ep, int fd, struct connection *c, const char *p, size_t n) {
  while (n) {
    if (c->state != HEADERS) {
      int done = 0;
      size_t k = body(c, p, n, &done);
      p += k; n -= k;
      if (done && !answer(ep, fd, c)) return 0;
      continue;
    }
    if (!c->held) {
      const char *q = memmem(p, n, "\r\n\r\n", 4);
      if (q) {
        size_t k = q + 4 - p;
        int waits = begin(c, p, k);
        p += k; n -= k;
        if (!waits && !answer(ep, fd, c)) return 0;
        continue;
      }
    }
    if (c->held + n > HEAD) return 0;
    if (!c->head) c->head = malloc(HEAD);
    memcpy(c->head + c->held, p, n);
    size_t before = c->held;
    c->held += n;
    const char *q = memmem(c->head, c->held, "\r\n\r\n", 4);
    if (!q) return 1;
    size_t k = q + 4 - c->head, used = k - before;
    c->held = 0;
    int waits = begin(c, c->head, k);
    p += used; n -= used;
    if (!waits && !answer(ep, fd, c)) return 0;
  }
  return 1;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  static char buf[262144];
  decides = argc > 2 && !strcmp(argv[2], "auth");
  small = build("Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n", 512);
  big = build("Content-Type: application/octet-stream\r\nCache-Control: no-store\r\n", BIG);
  decision = build("X-User: alice\r\n", 0);
  int one = 1, l = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), ep = epoll_create1(0);
  setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(l, (void *)&a, sizeof a) || listen(l, 1024)) { perror("bind"); return 1; }
  struct epoll_event e = {.events = EPOLLIN, .data.fd = l}, ev[256];
  epoll_ctl(ep, EPOLL_CTL_ADD, l, &e);
  for (;;) {
    int n = epoll_wait(ep, ev, 256, -1);
    for (int i = 0; i < n; i++) {
      int fd = ev[i].data.fd;
      if (fd == l) {
        int s;
        while ((s = accept4(l, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
          if (s >= MAXFD) { close(s); continue; }
          setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
          free(table[s].head);
          table[s] = (struct connection){0};
          e.events = EPOLLIN; e.data.fd = s; epoll_ctl(ep, EPOLL_CTL_ADD, s, &e);
        }
        continue;
      }
      struct connection *c = &table[fd];
      if (ev[i].events & EPOLLOUT) {
        if (!flush(ep, fd, c)) { close(fd); continue; }
        if (!c->out_left) { e.events = EPOLLIN; e.data.fd = fd; epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e); }
        continue;
      }
      ssize_t r = recv(fd, buf, sizeof buf, 0);
      if (r < 0 && errno == EAGAIN) continue;
      if (r <= 0 || !take(ep, fd, c, buf, r)) close(fd);
    }
  }
}
