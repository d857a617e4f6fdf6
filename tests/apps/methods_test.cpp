// `t2ue methods`.
#include "apps/program.hpp"

#include <set>
#include <t2ue/methods/registry.hpp>

namespace t2ue::testing_apps {
namespace {

using testing::HasSubstr;

TEST(Methods, ListsEveryCard) {
  const nlohmann::json methods = program({"methods", "--json"}).json().at("methods");
  ASSERT_EQ(methods.size(), method_names().size());
  const Ended text = program({"methods"});
  EXPECT_EQ(text.code, 0);
  for (size_t i = 0; i < methods.size(); ++i) {
    EXPECT_EQ(methods[i].at("name"), method_names()[i]);
    EXPECT_THAT(text.out, HasSubstr(method_names()[i]));
    EXPECT_TRUE(methods[i].at("options").is_array());
  }
  EXPECT_THAT(text.out, HasSubstr("linf 8/255"));
  EXPECT_THAT(text.out, HasSubstr("l2 1.30"));
}

TEST(Methods, ShowsOneWithItsOptions) {
  const Ended text = program({"methods", "ar"});
  EXPECT_THAT(text.out, HasSubstr("eps_steps = 8"));
  EXPECT_THAT(text.out, HasSubstr("zero-contact"));
  const nlohmann::json json = program({"methods", "class_filter", "--json"}).json();
  EXPECT_EQ(json.at("additive"), false);
  EXPECT_EQ(json.at("norm"), "none");
  EXPECT_EQ(json.at("options").at(0).at("name"), "blur");
  EXPECT_THAT(program({"methods", "class_filter"}).out, HasSubstr("as a whole"));
}

TEST(Methods, AnUnknownNameIsBadUsage) {
  const Ended ended = program({"methods", "nope"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("'nope'"));
  EXPECT_THAT(ended.err, HasSubstr("caption_cluster"));
}

}  // namespace
}  // namespace t2ue::testing_apps
