#include <gtest/gtest.h>

#include <errors.hpp>

#include <t2ue/report/table_formats.hpp>

namespace t2ue {
namespace {

const TextTable table{
    "A & B", {{"row", false}, {"x|y"}}, {{"50 %", "1,5"}, {"a_b \"c\"", "2"}}, {"note {1}"}};

TEST(TableFormats, Markdown) {
  EXPECT_EQ(to_markdown(table),
            "### A & B\n\n| row | x\\|y |\n| --- | ---: |\n| 50 % | 1,5 |\n| a_b \"c\" | 2 |\n\nnote {1}\n");
}

TEST(TableFormats, Csv) {
  EXPECT_EQ(to_csv(table), "row,x|y\n50 %,\"1,5\"\n\"a_b \"\"c\"\"\",2\n");
}

TEST(TableFormats, Latex) {
  EXPECT_EQ(to_latex(table),
            "\\begin{table}\n\\caption{A \\& B}\n\\begin{tabular}{lr}\n\\toprule\nrow & x|y \\\\\n\\midrule\n"
            "50 \\% & 1,5 \\\\\na\\_b \"c\" & 2 \\\\\n\\bottomrule\n\\end{tabular}\n"
            "\\par\\footnotesize note \\{1\\}\n\\end{table}\n");
}

TEST(TableFormats, RefuseRowsThatDoNotFit) {
  TextTable bad = table;
  bad.rows[0].pop_back();
  testing_errors::expect_error([&] { to_csv(bad); }, {"cells"});
}

}  // namespace
}  // namespace t2ue
