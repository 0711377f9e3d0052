/* stream serve PORT | stream send ADDRESS PORT MEGABYTES: one TCP stream; prints the CPU milliseconds that it took. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static char buffer[1 << 18];

static void tell(void) {
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  printf("%ld\n", (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000 + (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1000);
}

int main(int count, char **arguments) {
  if (count < 3) return 2;
  /* Nobody waits longer for either end. */
  alarm(120);
  struct sockaddr_in at = {.sin_family = AF_INET};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (strcmp(arguments[1], "serve") == 0) {
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    at.sin_port = htons(atoi(arguments[2]));
    if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 1)) return 1;
    puts("listening");
    fflush(stdout);
    int peer = accept(fd, 0, 0);
    while (read(peer, buffer, sizeof buffer) > 0) {}
    tell();
    return 0;
  }
  if (count < 5) return 2;
  inet_pton(AF_INET, arguments[2], &at.sin_addr);
  at.sin_port = htons(atoi(arguments[3]));
  if (connect(fd, (struct sockaddr *)&at, sizeof at)) return 1;
  for (long left = atol(arguments[4]) << 20; left > 0;) {
    ssize_t sent = write(fd, buffer, sizeof buffer);
    if (sent <= 0) return 1;
    left -= sent;
  }
  shutdown(fd, SHUT_WR);
  read(fd, buffer, 1);
  tell();
  return 0;
}
