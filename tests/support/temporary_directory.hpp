// A directory of the test's own, gone with all that is in it at the end.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace agent::test {

class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        auto path = (std::filesystem::temp_directory_path() / "metrics-agent-test-XXXXXX").string();
        path_ = mkdtemp(path.data());
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

} // namespace agent::test
