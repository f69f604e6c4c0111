#include "app/process.hpp"

#include <csignal>
#include <cstdlib>
#include <string>

#include <netdb.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

// In glibc since 2.0 and exported for such uses, but in no header (nss/nsswitch.c).
extern "C" int __nss_configure_lookup(const char* database, const char* services); // NOLINT(*-reserved-identifier)

namespace agent::app {

void prepare_process() {
    __nss_configure_lookup("hosts", "files dns");
    __nss_configure_lookup("passwd", "files");
    __nss_configure_lookup("group", "files");
    __nss_configure_lookup("services", "files");
    std::signal(SIGPIPE, SIG_IGN);
}

bool is_under_systemd() {
    // Children inherit the variable; it names the journal's socket by device and inode (systemd.exec(5)).
    const char* const stream = std::getenv("JOURNAL_STREAM"); // NOLINT(concurrency-mt-unsafe): before any thread
    struct stat status{};
    if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) {
        return false;
    }
    return stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

aggregate::AggregatorOptions aggregator_options(const RunOptions& options) {
    aggregate::AggregatorOptions result;
    result.resolution_ms = options.resolution_ms;
    result.flush_interval_ms = options.flush_interval_ms;
    result.node = options.host;
    result.deny = options.deny;
    result.table.max_series = options.max_series;
    if (getrandom(result.hash_key.data(), sizeof result.hash_key, 0) != sizeof result.hash_key) {
        std::abort(); // see core::make_run_id()
    }
    return result;
}

} // namespace agent::app
