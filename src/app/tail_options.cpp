#include "app/tail_options.hpp"

#include "app/absolute_path.hpp"
#include "app/default_state_dir.hpp"
#include "core/limits.hpp"
#include "mabs/line_error.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace agent::app {

namespace {

std::string quoted(std::string_view text) {
    std::string out;
    mabs::append_quoted(out, text);
    return out;
}

} // namespace

class TailFinalizer {
  public:
    TailFinalizer(const TailFlags& flags, std::string_view directory) : flags_(flags), directory_(directory) {}

    boost::system::result<TailOptions, std::vector<std::string>> finalize() {
        static_cast<SharedOptions&>(options_) = check_shared(flags_, errors_);
        options_.once = flags_.once;
        if (flags_.once) {
            take_files();
        } else if (!flags_.files.empty()) {
            wrong("FILE " + quoted(flags_.files[0]) +
                  ": only with --once; what is to be followed is named by --include, a glob in quotes, so that the "
                  "shell leaves it alone");
        }
        take_stream();
        take_state();
        if (!errors_.empty()) {
            return {boost::system::in_place_error, std::move(errors_)};
        }
        return std::move(options_);
    }

  private:
    void wrong(std::string text) { errors_.push_back(std::move(text)); }

    // Whether a path can be made absolute.
    bool has_place(std::string_view flag, std::string_view path) {
        if (directory_.empty() && !path.starts_with('/')) {
            wrong(std::string(flag) + " " + quoted(path) +
                  ": the working directory is unknown; say it as an absolute path");
            return false;
        }
        return true;
    }

    void take_files() {
        if (flags_.files.empty()) {
            wrong("--once: needs a FILE; - is standard input");
        }
        for (const auto& file : flags_.files) {
            if (file == "-") {
                options_.files.push_back(file);
            } else if (file.empty()) {
                wrong("FILE \"\": must not be empty");
            } else if (has_place("FILE", file)) {
                options_.files.push_back(absolute_path(file, directory_));
                if (options_.files.back().size() > core::limits::max_path_bytes) {
                    wrong("FILE " + quoted(file) + ": longer than " + std::to_string(core::limits::max_path_bytes) +
                          " bytes");
                }
            }
        }
        if (std::ranges::count(flags_.files, "-") > 1) {
            wrong("FILE \"-\": only once: standard input can be read only once");
        }
    }

    std::vector<std::string> absolute_globs(StreamField field, const std::vector<std::string>& globs) {
        if (flags_.once && !globs.empty()) {
            wrong(flag_of(field) + ": not with --once, which ships each FILE that is named");
            return {};
        }
        std::vector<std::string> absolute;
        for (const auto& glob : globs) {
            if (glob.empty()) {
                wrong(flag_of(field) + " \"\": must not be empty");
            } else if (has_place(flag_of(field), glob)) {
                absolute.push_back(absolute_glob(glob, directory_));
            }
        }
        return absolute;
    }

    void take_stream() {
        auto settings = flags_.stream;
        settings.include = absolute_globs(StreamField::include, flags_.stream.include);
        settings.exclude = absolute_globs(StreamField::exclude, flags_.stream.exclude);
        if (!flags_.stream.include.empty() && settings.include.empty()) {
            settings.unread.set(static_cast<std::size_t>(StreamField::include));
        }
        if (flags_.once && settings.start == "end") {
            wrong(flag_of(StreamField::start) + " \"end\": not with --once: nothing would be shipped");
        }
        const auto include = flags_.once ? Include::none : Include::needed;
        auto checked = check_streams(std::span(&settings, 1), options_.topics, include);
        if (checked) {
            options_.stream = std::move(checked->front());
            return;
        }
        for (const auto& fault : checked.error()) {
            wrong(flag_of(fault.field) + (fault.got.empty() ? "" : " " + fault.got) + ": " + fault.what);
        }
    }

    void take_state() {
        if (flags_.once && flags_.state_dir.empty()) {
            return;
        }
        options_.state_dir = state_dir_or_default(flags_.state_dir, "-tail");
        if (options_.state_dir.empty()) {
            wrong("no state directory: neither STATE_DIRECTORY nor XDG_STATE_HOME nor HOME is set; say --state-dir");
        }
    }

    const TailFlags& flags_;
    std::string_view directory_;
    TailOptions options_;
    std::vector<std::string> errors_;
};

boost::system::result<TailOptions, std::vector<std::string>> finalize(const TailFlags& flags,
                                                                      std::string_view directory) {
    return TailFinalizer(flags, directory).finalize();
}

} // namespace agent::app
