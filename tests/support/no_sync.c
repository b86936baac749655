/* LD_PRELOAD: fdatasync and fsync fail with EIO while the file $CAUSETTE_TEST_NO_SYNC exists. */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fails(void) {
    const char *flag = getenv("CAUSETTE_TEST_NO_SYNC");
    return flag && access(flag, F_OK) == 0;
}

int fdatasync(int fd) {
    if (fails()) { errno = EIO; return -1; }
    return syscall(SYS_fdatasync, fd);
}

int fsync(int fd) {
    if (fails()) { errno = EIO; return -1; }
    return syscall(SYS_fsync, fd);
}
