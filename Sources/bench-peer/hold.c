// SPDX-License-Identifier: Apache-2.0
// Runs a program as the father of everything it starts, directly or not, so that no processor time gets lost: it counts as the time of
// this process's children once they are gone.
#include "peer.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t child;

static void pass_on(int number) {
    if (child > 0) kill(child, number);
}

int run_hold(char **words) {
    // Whoever started this may end without a word; then what is held must end too.
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) < 0) bench_fail("prctl");
    child = fork();
    if (child < 0) bench_fail("fork");
    if (child == 0) {
        execvp(words[0], words);
        perror(words[0]);
        _exit(127);
    }
    signal(SIGTERM, pass_on);
    for (;;) {
        int status;
        pid_t gone = wait(&status);
        if (gone < 0 && errno == EINTR) continue;
        if (gone < 0 || gone == child) return gone < 0 ? 1 : WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    }
}
