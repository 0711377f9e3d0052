/* Connects again and again to one address and prints the median of the time that takes, in microseconds. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  int count = atoi(argv[3]);
  double *took = malloc(sizeof(double) * count);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &to.sin_addr);
  for (int i = 0; i < count; i++) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    double start = now_us();
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) return 1;
    took[i] = now_us() - start;
    /* A reset at the end: no port waits. */
    struct linger gone = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &gone, sizeof gone);
    close(fd);
  }
  qsort(took, count, sizeof(double), by_size);
  printf("%.1f\n", took[count / 2]);
  return 0;
}
