#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/report/report.hpp>

namespace {

using namespace t2ue;
using testing::HasSubstr;
using testing::Not;

// A PNG file's first bytes: the page takes the bytes as they are.
const std::vector<uint8_t> png = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 255};

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

Report example_report() {
  Report report;
  report.title = "A <title> & \"quotes\"";
  report.summary = "</p><script>alert(1)</script>";
  report.key_figures = {{"label <b>", "8 / 255", "a 'note'"}};
  ReportSection section;
  section.title = "Image-text <i>";
  section.text = "text <u>";
  section.tables = {{"table <a>",
                     {{"row <c>", false}, {"x"}},
                     {{"T2UE", "1"}, {"<td>", "2"}, {"chance", "3"}},
                     {"foot <g>"}}};
  section.charts = {
      {"chart <d>",
       "epoch <",
       "loss <",
       {{"clean", "", false, {1, 2, 3}, {3, 2, 1}}, {"T2UE", "eps <16>", true, {1, 2, 3}, {3, 1, 0.5}}},
       0.6}};
  section.grids = {{"grid <e>", 12, {{"caption <f>", png, png, png}}}};
  report.sections = {section, {}};
  report.sections[1].title = "Audit";
  report.facts = {{"recipe hash", "3fa91c0b77de"}, {"split <hash>", "a0c41e88d2f5"}};
  report.results_json = R"({"note":"</script><!-- x"})";
  return report;
}

TEST(Report, EscapesEveryText) {
  const std::string html = report_html(example_report());
  EXPECT_THAT(html, HasSubstr("A &lt;title&gt; &amp; &quot;quotes&quot;"));
  EXPECT_THAT(html, HasSubstr("&lt;/p&gt;&lt;script&gt;alert(1)"));
  for (const char* name :
       {"label <b>", "Image-text <i>", "text <u>", "table <a>", "row <c>", "chart <d>", "epoch <", "loss <",
        "eps <16>", "grid <e>", "caption <f>", "split <hash>", "foot <g>"}) {
    EXPECT_THAT(html, Not(HasSubstr(name)));
    EXPECT_THAT(html, HasSubstr(escape_html(name)));
  }
  // The only script element is the data, and it ends where it should.
  EXPECT_EQ(count_of(html, "<script"), 1u);
  EXPECT_EQ(count_of(html, "</script"), 1u);
  EXPECT_EQ(escape_html("<>&\"'a"), "&lt;&gt;&amp;&quot;&#39;a");
}

TEST(Report, LoadsNothing) {
  const std::string html = report_html(example_report());
  EXPECT_THAT(html, Not(HasSubstr("http:")));
  EXPECT_THAT(html, Not(HasSubstr("https:")));
  EXPECT_THAT(html, Not(HasSubstr("//")));
  for (const char* part : {"<link", "@import", "@font-face", "url(", "href", "srcset", "<iframe", "<object"})
    EXPECT_THAT(html, Not(HasSubstr(part)));
  EXPECT_EQ(count_of(html, "src=\""), 3u);
  EXPECT_EQ(count_of(html, "src=\"data:image/png;base64,iVBORw0KGgoA/w==\""), 3u);
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
}

TEST(Report, EveryElementIsClosed) {
  const std::string html = report_html(example_report());
  std::vector<std::string> open;
  for (size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const size_t end = html.find('>', at);
    ASSERT_NE(end, std::string::npos);
    const bool closing = html[at + 1] == '/';
    const size_t begin = at + (closing ? 2 : 1);
    const std::string name = html.substr(begin, html.find_first_of(" />", begin) - begin);
    if (html[end - 1] == '/' || name == "meta" || name == "img" || name == "br" || name == "!doctype")
      continue;
    if (!closing) {
      open.push_back(name);
      continue;
    }
    ASSERT_FALSE(open.empty()) << name;
    EXPECT_EQ(open.back(), name);
    open.pop_back();
  }
  EXPECT_TRUE(open.empty());
}

TEST(Report, EmbedsTheResultsUnchanged) {
  const std::string html = report_html(example_report());
  const std::string start = "<script type=\"application/json\" id=\"results\">";
  const size_t from = html.find(start) + start.size();
  const auto results = nlohmann::json::parse(html.substr(from, html.find("</script>") - from));
  EXPECT_EQ(results["note"], "</script><!-- x");
  Report report = example_report();
  report.results_json = "{not json";
  EXPECT_THROW(report_html(report), Error);
}

TEST(Report, LabelsTheNoiseAndKeepsColoursByRow) {
  const std::string html = report_html(example_report());
  EXPECT_THAT(html, HasSubstr("noise x12, grey = 0"));
  EXPECT_THAT(html, HasSubstr("<span class=\"dot c1\"></span>T2UE"));  // second in the chart
  EXPECT_THAT(html, HasSubstr("<g class=\"curve c1 dashed\"><title>T2UE, eps &lt;16&gt;"));
  EXPECT_THAT(html, HasSubstr("<tr class=\"chance\">"));
}

TEST(Report, RefusesWhatItCannotShow) {
  Report report = example_report();
  report.sections[0].grids[0].examples[0].noise = {'G', 'I', 'F', '8', '9', 'a', 0, 0, 0, 0};
  EXPECT_THROW(report_html(report), Error);
  report = example_report();
  report.sections[0].grids[0].examples[0].clean.clear();
  EXPECT_THROW(report_html(report), Error);
  report = example_report();
  report.sections[0].tables[0].rows[0].pop_back();
  EXPECT_THROW(report_html(report), Error);
}

TEST(Report, IsWrittenWhole) {
  const auto path = std::filesystem::path(testing::TempDir()) / "report_test.html";
  write_report(path, example_report());
  EXPECT_EQ(read_text(path), report_html(example_report()));
  std::filesystem::remove(path);
  EXPECT_THROW(write_report(path / "not" / "there", example_report()), Error);
}

TEST(Report, AmplifiedNoiseIsGreyAtZeroAndClips) {
  const std::vector<int8_t> steps = {0, 1, -1, 8, -8, 16, -16};
  EXPECT_EQ(amplified_noise(steps, 12), (std::vector<uint8_t>{128, 140, 116, 224, 32, 255, 0}));
}

TEST(Chart, TicksAreRoundAndCover) {
  EXPECT_EQ(axis_ticks(0, 10), (std::vector<double>{0, 2, 4, 6, 8, 10}));
  EXPECT_EQ(axis_ticks(1, 16), (std::vector<double>{0, 5, 10, 15, 20}));
  EXPECT_EQ(axis_ticks(-3, 22), (std::vector<double>{-5, 0, 5, 10, 15, 20, 25}));
  for (const auto& [low, high] : std::vector<std::pair<double, double>>{
           {0, 0}, {5, 5}, {-7, -7}, {0, 1e-12}, {1e9, 1e9 + 1}, {-1e300, 1e300}, {0.1, 0.3}, {3, 4821}}) {
    const auto ticks = axis_ticks(low, high);
    ASSERT_GE(ticks.size(), 2u);
    EXPECT_LE(ticks.size(), 8u);
    EXPECT_LE(ticks.front(), low);
    EXPECT_GE(ticks.back(), high);
    EXPECT_LT(ticks[0], ticks[1]);
  }
  EXPECT_THROW(axis_ticks(0, std::numeric_limits<double>::infinity()), Error);
  EXPECT_THROW(axis_ticks(1, 0), Error);
}

TEST(Chart, PlacesPointsByHand) {
  // y from 0 to 10 in 270 units: 228 at the bottom, 26 at the top; x from 0 to 2: 46 to 468.
  const Chart chart{"t", "x", "y", {{"a", "", false, {0, 1, 2}, {0, 5, 10}}}, {}};
  EXPECT_THAT(chart_html(chart, {"a"}), HasSubstr("d=\"M46.0,228.0L257.0,127.0L468.0,26.0\""));
}

TEST(Chart, HasNoTicksBetweenWholeEpochs) {
  const std::string html =
      chart_html({"t", "epoch", "y", {{"a", "", false, {1, 2, 3}, {0, 5, 10}}}, {}}, {"a"});
  EXPECT_THAT(html, HasSubstr("text-anchor=\"middle\">2</text>"));
  EXPECT_THAT(html, Not(HasSubstr("1.5</text>")));
}

TEST(Chart, ADivergedCurveHasAGap) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const Chart chart{"t", "x", "y", {{"a", "", false, {0, 1, 2}, {0, nan, 10}}}, {}};
  const std::string html = chart_html(chart, {"a"});
  EXPECT_THAT(html, HasSubstr("d=\"M46.0,228.0M468.0,26.0\""));
  EXPECT_THAT(html, Not(HasSubstr("nan")));
}

TEST(Chart, RefusesWhatCannotBeDrawn) {
  Chart chart{"t", "x", "y", {}, {}};
  EXPECT_THROW(chart_html(chart, {}), Error);
  chart.curves = {{"a", "", false, {1, 2}, {1}}};
  EXPECT_THROW(chart_html(chart, {"a"}), Error);
  chart.curves = {{"a", "", false, {1}, {1}}};
  EXPECT_THROW(chart_html(chart, {"b"}), Error);
  EXPECT_NO_THROW(chart_html(chart, {"a"}));  // one point, a constant
  chart.curves = {{"a", "", false, {1}, {std::numeric_limits<double>::infinity()}}};
  EXPECT_THROW(chart_html(chart, {"a"}), Error);
}

}  // namespace
