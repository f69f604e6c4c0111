// Makes the paths and globs of the command line absolute.
#pragma once

#include <string>
#include <string_view>

namespace agent::app {

// As the kernel says, with no symbolic links in it; empty where it cannot.
std::string working_directory();

// A path that is absolute is left as it is. Of a relative one `./` and `../` at the beginning are applied to
// `directory`, which is absolute, and the rest stands behind it as it is.
std::string absolute_path(std::string_view path, std::string_view directory);

// The same for a pattern (tail::PathGlob); what stands for `directory` in it has no special bytes.
std::string absolute_glob(std::string_view glob, std::string_view directory);

} // namespace agent::app
