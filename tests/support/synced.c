/* LD_PRELOAD: each fsync and fdatasync also copies the file into $CAUSETTE_TEST_SYNCED, which so
   holds what a power cut leaves behind at the worst. Read through the descriptor itself: to close
   another one of the same file would drop the locks that SQLite has on it. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void keep(int fd) {
    const char *folder = getenv("CAUSETTE_TEST_SYNCED");
    char link[64], path[PATH_MAX], copy[PATH_MAX], part[PATH_MAX + 8], block[65536];
    struct stat about;
    if (!folder || fstat(fd, &about) || !S_ISREG(about.st_mode)) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    const char *name = strrchr(path, '/');
    if (!name || strncmp(name, "/causette.db", 12)) return;
    if (snprintf(copy, sizeof copy, "%s%s", folder, name) >= (int)sizeof copy) return;
    snprintf(part, sizeof part, "%s.part", copy);
    int out = open(part, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (out < 0) return;
    off_t at = 0;
    ssize_t got;
    while ((got = pread(fd, block, sizeof block, at)) > 0) {
        if (write(out, block, got) != got) break;
        at += got;
    }
    close(out);
    rename(part, copy);
}

int fdatasync(int fd) {
    int result = syscall(SYS_fdatasync, fd);
    if (!result) keep(fd);
    return result;
}

int fsync(int fd) {
    int result = syscall(SYS_fsync, fd);
    if (!result) keep(fd);
    return result;
}
