// A library to preload into a program under test: the FAULT_AT-th call that changes a file fails or kills the process.
//   FAULT_KIND   kill (before the call), killed (after it), full (no space), short (half of the bytes), interrupt (EINTR)
// FAULT_LOG is a file that gets the number of these calls, so that a test can go through them all.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int calls;

static int is(const char *kind) {
  const char *wanted = getenv("FAULT_KIND");
  return wanted && strcmp(wanted, kind) == 0;
}

// Whether this is the call to spoil; one that kills the process does not return.
static int spoilt(void) {
  const char *at = getenv("FAULT_AT");
  calls++;
  const char *log = getenv("FAULT_LOG");
  if (log) {
    FILE *file = fopen(log, "w");
    if (file) {
      fprintf(file, "%d", calls);
      fclose(file);
    }
  }
  int hit = at && calls == atoi(at);
  if (hit && is("kill")) kill(getpid(), SIGKILL);
  return hit;
}

static void after(int hit) {
  if (hit && is("killed")) kill(getpid(), SIGKILL);
}

// Whether a descriptor is a file, standard output and error left aside.
static int is_file(int descriptor) {
  struct stat status;
  return descriptor > 2 && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

#define REAL(name, type) static type real; if (!real) real = (type)dlsym(RTLD_NEXT, #name)

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  typedef ssize_t (*call)(int, const void *, size_t, off_t);
  REAL(pwrite, call);
  if (!is_file(file)) return real(file, bytes, count, offset);
  int hit = spoilt();
  if (hit && is("full")) return errno = ENOSPC, -1;
  if (hit && is("interrupt")) return errno = EINTR, -1;
  if (hit && is("short") && count > 1) count /= 2;
  ssize_t written = real(file, bytes, count, offset);
  after(hit);
  return written;
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off_t offset) { return pwrite(file, bytes, count, offset); }

ssize_t copy_file_range(int source, off_t *from, int target, off_t *to, size_t count, unsigned flags) {
  typedef ssize_t (*call)(int, off_t *, int, off_t *, size_t, unsigned);
  REAL(copy_file_range, call);
  int hit = spoilt();
  if (hit && is("full")) return errno = ENOSPC, -1;
  if (hit && is("interrupt")) return errno = EINTR, -1;
  if (hit && is("short") && count > 1) count /= 2;
  ssize_t copied = real(source, from, target, to, count, flags);
  after(hit);
  return copied;
}

int ftruncate(int file, off_t size) {
  typedef int (*call)(int, off_t);
  REAL(ftruncate, call);
  int hit = spoilt();
  if (hit && is("full")) return errno = ENOSPC, -1;
  int result = real(file, size);
  after(hit);
  return result;
}

int ftruncate64(int file, off_t size) { return ftruncate(file, size); }

int fsync(int file) {
  typedef int (*call)(int);
  REAL(fsync, call);
  int hit = spoilt();
  if (hit && is("full")) return errno = ENOSPC, -1;
  int result = real(file);
  after(hit);
  return result;
}

int rename(const char *from, const char *to) {
  typedef int (*call)(const char *, const char *);
  REAL(rename, call);
  int hit = spoilt();
  if (hit && is("full")) return errno = ENOSPC, -1;
  int result = real(from, to);
  after(hit);
  return result;
}
