// README's shell block, run whole, in a folder of its own, as a newcomer would.
#include <cstdlib>

#include "apps/packages.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_apps;
using testing::HasSubstr;

/// What stands between ```sh and ``` in README.md; exactly one such block is there.
std::string shell_block() {
  const std::string text = read_text(std::filesystem::path(T2UE_SOURCE_DIR) / "README.md");
  const std::string fence = "\n```sh\n";
  const size_t at = text.find(fence);
  EXPECT_NE(at, std::string::npos) << "README.md has no ```sh block";
  EXPECT_EQ(text.find(fence, at + 1), std::string::npos) << "README.md has a second ```sh block";
  const size_t begin = at + fence.size();
  return text.substr(begin, text.find("\n```", begin) + 1 - begin);
}

TEST(Readme, ShellBlockRunsWhole) {
  const auto folder = testing_data::fresh_folder();
  imitate_packages(folder / "build/emoji/node_modules");
  // A `t2ue` that trains for a step or two: of a flag that is given twice, the last counts.
  std::filesystem::create_directory(folder / "bin");
  write_file(folder / "bin/t2ue", concat("#!/bin/sh\nset -e\ncase \"$1 $2\" in\n"
                                         "'train clip') set -- \"$@\" --epochs 1 --batch 16 ;;\n"
                                         "'train generator') set -- \"$@\" --rounds 1 --surrogate-steps 1 "
                                         "--warm-steps 1 --batch 16 ;;\nesac\nexec ",
                                         T2UE_PROGRAM, " \"$@\"\n"));
  std::filesystem::permissions(folder / "bin/t2ue", std::filesystem::perms::owner_all);
  write_file(folder / "block.sh", "set -e\ncd '" + folder.string() + "'\n" + shell_block());
  const Ended ended = run({"env", concat("PATH=", (folder / "bin").string(), ":", std::getenv("PATH")), "sh",
                           folder / "block.sh"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("passed: ")) << "the audit";
  EXPECT_THAT(ended.out, HasSubstr("Hit@10")) << "what was learned from the protected pictures";
  EXPECT_TRUE(std::filesystem::exists(folder / "sheet.png"));
}

}  // namespace
