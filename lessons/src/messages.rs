//! The runner's messages, in English and in Chinese.
//!
//! A message that is unused, or whose translation is missing or has other placeholders,
//! does not compile.

use crate::words::{Message, message};

// Check: what is checked, and the result.

pub const CHECKING: Message<2> = message("{}  checking {}", "{}  正在检查 {}");
pub const NOT_THERE: Message<0> = message("is missing", "文件不存在");
pub const DOES_NOT_COMPILE: Message<0> = message("does not compile", "编译失败");
pub const PASSES: Message<0> = message("passes", "通过");
pub const DOES_NOT_PASS: Message<0> = message("does not pass", "没有通过");
pub const WHERE_YOU_ARE: Message<0> = message(
    "shows the current lesson, and what is next",
    "显示当前是哪一课，下一步做什么",
);
pub const NOT_BUILT: Message<0> = message(
    "The build failed: the compiler says why above.",
    "构建失败，原因见上面编译器的输出。",
);
pub const THE_PROGRAM_PRINTED: Message<0> =
    message("  The program printed:", "  程序打印了：");
pub const NOT_THERE_AND_NEXT: Message<1> = message(
    "{} is missing. What to type next:",
    "{} 不存在。接下来请输入：",
);
pub const BRINGS_BACK: Message<0> =
    message("restores the starter code", "恢复成起始代码");
pub const SOME_HOLD: Message<3> = message(
    "{} of {} checks pass: {} does not pass yet.",
    "通过 {} 项，共 {} 项：第 {} 课的练习还没有通过。",
);
pub const UNSEEN_BECAUSE: Message<0> = message(
    "unseen: skipped because of the failure above.",
    "未检查：上面有未通过的项，这几项因此跳过。",
);
pub const EDIT_OR_HINT: Message<2> = message(
    "Edit {}. For a hint, type in another terminal: `cargo workbook hint {}`",
    "编辑 {}。想看提示，请在另一个终端里输入：`cargo workbook hint {}`",
);
pub const SAVED: Message<1> = message("Saved: check {}", "已保存：第 {} 次检查");
pub const WHICH_RESET: Message<0> = message(
    "say which: `cargo workbook reset 02a` for one exercise, `cargo workbook reset \
     --all` for all of them",
    "请指明是哪一个：`cargo workbook reset 02a` 恢复一个练习，`cargo workbook reset \
     --all` 恢复全部",
);
pub const ALL_HOLD: Message<2> = message(
    "All {} checks pass: {} has passed.",
    "{} 项全部通过：第 {} 课完成了。",
);
pub const THE_NEXT_TASK: Message<0> = message("shows the next task", "显示下一个任务");
pub const SOLUTION_BESIDE_YOURS: Message<0> = message(
    "shows our solution, to compare with yours",
    "显示我们的解法，与你的对照",
);
pub const EDIT_AND_TYPE: Message<1> = message(
    "Edit {}, then type one of these:",
    "编辑 {}，再输入下面的一条命令：",
);
pub const CHECKS_AGAIN: Message<0> = message("checks it again", "再检查一次");
pub const CHECKS_EACH_SAVE: Message<0> =
    message("checks it each time you save", "每次保存时检查一次");
pub const A_HINT: Message<0> = message("shows a hint", "显示一条提示");
pub const THE_TASK_AGAIN: Message<0> = message("shows the task again", "再看一遍任务");
pub const RUNS_TO_LOOK_AT: Message<0> =
    message("runs it, so you can try it", "运行你的练习，自己试试");
pub const BUILT_AND_JUDGED: Message<2> = message(
    "  (built in {} s, checked in {} s)",
    "  （构建用了 {} 秒，检查用了 {} 秒）",
);
pub const STILL_BUILDING: Message<0> = message(
    "cargo is still building, or waiting for another cargo, such as your editor's",
    "cargo 还在构建；也可能是在等另一个 cargo，例如编辑器启动的那个",
);

pub const PASSED_BEFORE: Message<0> = message(
    "It passed before, so it still counts as done.",
    "它以前通过过，仍算完成。",
);
pub const DETAILS_OF_FIRST: Message<2> = message(
    "Only the first {} failures are shown in detail: the others may have the same \
     cause. `cargo workbook check {} | cat` shows the details of all.",
    "只详细显示前 {} 项未通过的，其余的可能出于同一个原因。`cargo workbook check {} | \
     cat` 会显示全部。",
);
pub const UNSEEN_MORE: Message<1> = message("{} more", "另外 {} 项");
pub const REPEATED: Message<2> = message("{}  ({} times)", "{}  （{} 次）");

// Watch.

pub const KEY_HINT: Message<0> = message("h hint", "h 提示");
pub const KEY_AGAIN: Message<0> = message("r again", "r 重查");
pub const KEY_NEXT: Message<0> = message("n next", "n 下一课");
pub const KEY_EDIT: Message<0> = message("e edit", "e 编辑");
pub const KEY_QUIT: Message<0> = message("q quit", "q 退出");
pub const NOT_PASSED_YET: Message<1> =
    message("{} has not passed yet.", "第 {} 课还没有通过。");
pub const ALL_HINTS_SHOWN: Message<0> =
    message("There are no more hints.", "提示已经全部显示。");
pub const EDITOR_NOT_SET: Message<1> = message(
    "EDITOR is not set. Open {} in your editor.",
    "没有设置 EDITOR。请用你的编辑器打开 {}。",
);
pub const EDITOR_FAILED: Message<2> =
    message("`{}` failed ({}).", "`{}` 运行失败（{}）。");

// The current lesson.

pub const TITLE: Message<0> = message("The exporter workbook", "《Exporter 练习册》");
pub const LESSONS_DONE: Message<2> =
    message("{} of {} lessons done", "已完成 {} 课，共 {} 课");
pub const EVERY_EXERCISE_PASSED: Message<0> = message(
    "Every exercise has passed. Feel free to reuse your code.",
    "全部练习都通过了。你写的代码，尽可以拿去用。",
);
pub const THE_LESSONS: Message<0> = message("lists the lessons", "列出各课");
pub const CHECKS_THEM_AGAIN: Message<0> =
    message("checks all of them again", "把练习全部再检查一遍");
pub const YOU_ARE_AT_PASSED: Message<2> = message(
    "You are at {}  {}, which has passed.",
    "你在 {}  {}，这一课已经通过。",
);
pub const OUR_SOLUTION: Message<0> = message("shows our solution", "显示我们的解法");
pub const ITS_TASK_AGAIN: Message<0> =
    message("shows its task again", "再看一遍这一课的任务");
pub const LESSON_AND_MINUTES: Message<3> = message(
    "{}  {} (exercise: about {} minutes)",
    "{}  {}（练习约 {} 分钟）",
);
pub const READ_PAGE: Message<2> = message("Read  docs/{}/{}.md", "阅读  docs/{}/{}.md");
pub const EDIT_FILE: Message<1> = message("Edit  {}", "编辑  {}");
pub const ONE_MORE_HINT: Message<0> = message("shows one more hint", "再显示一条提示");
pub const HINTS_AGAIN: Message<0> =
    message("shows the hints again", "再看一遍各条提示");
pub const GOES_ON: Message<0> =
    message("moves on: this one has passed", "继续往下：这一课已经通过");
pub const LEAVES_FOR_LATER: Message<0> =
    message("skips this one for now", "先跳过这一课，以后再做");
pub const CHECKS_YOUR_EXERCISE: Message<0> =
    message("checks your exercise", "检查你的练习");
pub const RUNS_LESSON: Message<0> =
    message("runs the lesson's own program", "运行这一课自己的程序");
pub const RUNS_YOURS: Message<0> = message("runs your exercise", "运行你的练习");
pub const WHAT_ELSE: Message<0> = message("lists all commands", "列出全部命令");
pub const GOES_TO_ANOTHER: Message<0> =
    message("moves to another lesson", "转到另一课");
pub const DONE: Message<0> = message("done", "已完成");
pub const BEGUN: Message<0> = message("begun", "进行中");
pub const TO_DO: Message<0> = message("to do", "未开始");
pub const YOU_ARE_HERE: Message<0> = message(" (you are here)", "（你在这里）");
pub const LEFT_FOR_LATER: Message<2> = message(
    "{} has not passed, and is skipped for now: `cargo workbook task {}` takes you \
     back.",
    "第 {} 课还没有通过，先跳过：要回到这里，请输入 `cargo workbook task {}`。",
);
pub const BACK_TO_ONE_LEFT: Message<0> = message(
    "That was the last lesson. Back to one you skipped:",
    "后面没有别的课了，回到之前跳过的一课：",
);
pub const HINT_OF: Message<2> = message("Hint {} of {}", "第 {} 条提示，共 {} 条");
pub const SOLUTION_AFTER_HINTS: Message<0> = message(
    "shows our solution: that was the last hint",
    "显示我们的解法：提示已经全部看完",
);
pub const NOT_PASSED_HINT: Message<3> = message(
    "{} has not passed yet. A hint may be enough: `cargo workbook hint {}`. To see \
     the solution anyway: `cargo workbook solution {} --anyway`",
    "第 {} 课还没有通过。也许再看一条提示就够了：`cargo workbook hint {}`。如果还是想\
     看解法：`cargo workbook solution {} --anyway`",
);
pub const NEXT_COMMAND: Message<0> =
    message("Next: cargo workbook next", "接下来：cargo workbook next");
pub const WAITING_FOR_SAVE: Message<0> = message(
    "Waiting for you to save it. Press Ctrl-C to type another command.",
    "等待你保存文件。要输入别的命令，先按 Ctrl-C 结束。",
);

// Reset and progress.

pub const NOTHING_TO_PUT_BACK: Message<0> = message(
    "Nothing to reset: that is the starter code.",
    "不必恢复：现在就是起始代码。",
);
pub const NOTHING_CHANGED: Message<0> =
    message("Nothing was changed.", "没有做任何改动。");
pub const RESET_DONE: Message<2> = message(
    "Done. {} Next: `cargo workbook check {}`",
    "已经恢复。{}接下来：`cargo workbook check {}`",
);
pub const CONFIRM_RESET: Message<2> = message(
    "This resets {} to the starter code. Your version is copied to {} first. \
     Continue? [y/N] ",
    "这会把 {} 恢复成起始代码。你现在的代码会先复制到 {}。继续吗？[y/N] ",
);
pub const NOTHING_TO_KEEP: Message<0> =
    message("There was nothing to keep.", "没有需要保留的内容。");
pub const KEPT_IN: Message<1> =
    message("Your version is in {}.", "你的代码保留在 {}。");
pub const CANNOT_READ: Message<1> = message("cannot read {}", "无法读取 {}");
pub const NOT_RESET_NO_COPY: Message<2> = message(
    "{} was not reset, since it can't be copied first: cannot write {}",
    "没有恢复 {}，因为没能先留下副本：无法写入 {}",
);
pub const NOT_RESET: Message<1> =
    message("{} was not reset: cannot write it", "没有恢复 {}：无法写入");
pub const PROGRESS_NOT_KEPT: Message<1> = message(
    "your progress was not saved: cannot write {}",
    "你的进度没有保存：无法写入 {}",
);
pub const PROGRESS_SET_ASIDE: Message<2> = message(
    "{} could not be read and was renamed to {}. `cargo workbook check --all` finds \
     out again which exercises pass.",
    "{} 无法读取，已经改名为 {}。`cargo workbook check --all` 会重新查明哪些练习能通\
     过。",
);
pub const PROGRESS_UNREADABLE: Message<2> = message(
    "{} can be neither read nor renamed ({}): your progress can't be loaded or saved. \
     Move it away.",
    "{} 无法读取，也无法改名（{}）：以前的进度读不出来，新的进度也保存不了。请把它移\
     走。",
);

// A missing exercise.

pub const CANNOT_BE_MADE: Message<1> = message(
    "{} is missing and cannot be created",
    "{} 不存在，也无法创建",
);
pub const MADE_AGAIN: Message<2> = message(
    "{} was missing and was created again from the starter code. Your last checked \
     version is in {}.",
    "{} 不见了，已经用起始代码重新创建。最后一次检查的内容在 {} 里。",
);

// Marks, fields and notes.

pub const MARK_OK: Message<0> = message("ok", "通过");
pub const MARK_WRONG: Message<0> = message("wrong", "未通过");
pub const MARK_UNSEEN: Message<0> = message("unseen", "未检查");
pub const FIELD_SEEN: Message<0> = message("seen", "实际");
pub const FIELD_EXPECTED: Message<0> = message("expected", "期望");
pub const FIELD_WHY: Message<0> = message("why", "理由");
pub const FIELD_FIX: Message<0> = message("to fix", "改法");
pub const MARK_ERROR: Message<0> = message("error", "错误");
pub const NOTE: Message<1> = message("note: {}", "注意：{}");
pub const PROGRAM_RUNS: Message<0> = message("the program runs", "程序能够运行");
pub const KEEPS_RULES: Message<1> = message(
    "{} follows the rules for every exposition",
    "{} 符合指标输出的通用规则",
);
pub const GET_IS_ANSWERED: Message<1> = message("{} is answered", "{} 有响应");
pub const GET_IS_ANSWERED_IN_TIME: Message<1> =
    message("{} is answered in time", "{} 及时响应");
pub const GET_HAS_STATUS_200: Message<1> =
    message("{} has status 200", "{} 的状态码是 200");
pub const GET_NAMES_ITS_FORMAT: Message<1> =
    message("{} names its format", "{} 写明了格式");
pub const GET_CAN_BE_READ: Message<1> =
    message("{} can be read by Prometheus", "{} 能被 Prometheus 读取");
pub const GET_ENDS_WITH_A_NEWLINE: Message<1> =
    message("{} ends with a newline", "{} 以换行符结尾");
pub const GET_HAS_EACH_SERIES_ONCE: Message<1> =
    message("{} has each series once", "{} 的每条时间序列只出现一次");
pub const GET_ADDS_UP: Message<1> = message(
    "the buckets and quantiles of {} are consistent",
    "{} 的桶和分位数前后一致",
);
pub const GET_KEEPS_ITS_SERIES: Message<1> = message(
    "{} keeps its series from scrape to scrape",
    "{} 的时间序列在多次抓取之间保持一致",
);
pub const GET_HAS_NO_DEAD_LINKS: Message<1> =
    message("{} has no dead links", "{} 没有失效的链接");
pub const GET_HAS_HELP: Message<1> = message(
    "every metric of {} has a help text",
    "{} 的指标都有帮助文本",
);
pub const GET_HAS_BASE_UNITS: Message<1> =
    message("{} uses base units", "{} 用的是基本单位");
pub const GET_HAS_TOTALS: Message<1> = message(
    "in {} counters end in _total, and nothing else does",
    "{} 里以 _total 结尾的都是计数器，计数器也都如此",
);
pub const GET_HAS_NO_RESERVED: Message<1> = message(
    "{} uses no names reserved for histograms and summaries",
    "{} 没有占用直方图和摘要的保留名称",
);
pub const GET_HAS_NO_TYPES_IN_NAMES: Message<1> = message(
    "no metric name in {} contains its type",
    "{} 的指标名里没有写类型",
);
pub const GET_HAS_NO_COLONS: Message<1> = message(
    "no metric name in {} contains a colon",
    "{} 的指标名里没有冒号",
);
pub const GET_HAS_SNAKE_CASE: Message<1> = message(
    "the names in {} are in snake_case",
    "{} 的名称都用小写字母和下划线",
);
pub const GET_HAS_WHOLE_UNITS: Message<1> = message(
    "no metric name in {} abbreviates its unit",
    "{} 的指标名里没有缩写的单位",
);

// A program that does not run.

pub const WHY_RUNS: Message<0> = message(
    "A program that doesn't run can't be scraped: Prometheus reports `connection \
     refused`, and `up` is 0.",
    "程序没有运行，就无法抓取：Prometheus 报 `connection refused`，`up` 为 0。",
);
pub const NOTHING_LISTENS: Message<3> = message(
    "nothing listens on {} after {} s{}",
    "没有程序监听 {}，已经等了 {} 秒{}",
);
pub const PRINTED_TOO_MUCH: Message<2> =
    message("it printed more than {} KiB{}", "程序的输出超过了 {} KiB{}");
pub const AND_PRINTED_NOTHING: Message<0> =
    message(", and printed nothing", "，什么也没有打印");
pub const AND_PRINTED: Message<1> =
    message(", and printed:\n{}", "，打印的内容是：\n{}");
pub const FEW_LINES_EXPECTED: Message<0> = message(
    "one line when it listens, and one for each error",
    "开始监听时打印一行，每次出错时打印一行",
);
pub const FIND_LOOP_THAT_PRINTS: Message<0> = message(
    "find the loop that prints, or the wait that never ends",
    "找出那个不停打印的循环，或者永远等不到结果的等待",
);
pub const LISTENS_ON_ARGUMENT: Message<1> = message(
    "it listens on {}, the address in its argument, until it is stopped",
    "程序一直监听参数里的地址 {}，直到被停止",
);
pub const LISTENS_ON: Message<1> = message("it listens on {}", "程序监听的是 {}");
pub const TAKE_ADDRESS: Message<0> = message(
    "use the address in the program's argument, at the start of `main`: \
     `serve::listen(&serve::address_argument(\"…\")?)?`",
    "地址要取自程序的参数，写在 `main` 的最前面：\
     `serve::listen(&serve::address_argument(\"…\")?)?`",
);
pub const FIND_WHAT_WAITS: Message<0> = message(
    "look at what `main` does before it listens: an endless loop, or a wait that \
     never ends",
    "看看 `main` 在监听之前做了什么：是否有死循环，或者永远等不到结果的等待",
);
pub const TOO_MUCH_MEMORY: Message<2> = message(
    "it used more than {} MiB of memory{}",
    "程序用掉的内存超过了 {} MiB{}",
);
pub const MEMORY_LIMIT: Message<1> = message(
    "at most {} MiB, the limit during a check",
    "不超过 {} MiB，这是检查时的上限",
);
pub const FIND_WHAT_GROWS: Message<0> = message(
    "find what grows, and free what is no longer used",
    "找出不断增长的是什么，并清除不再用的部分",
);
pub const WROTE_TOO_MUCH: Message<2> = message(
    "it wrote more than {} MiB into files{}",
    "程序写进文件的内容超过了 {} MiB{}",
);
pub const FILE_LIMIT: Message<1> = message(
    "at most {} MiB, the limit during a check",
    "不超过 {} MiB，这是检查时的上限",
);
pub const FIND_LOOP_THAT_WRITES: Message<0> = message(
    "find the loop that writes, or what should be written once",
    "找出那个不停写文件的循环，或者本来只该写一次的内容",
);
pub const TOO_MANY_PROCESSES: Message<2> = message(
    "it had more than {} processes running{}",
    "程序启动的进程有 {} 个以上同时在运行{}",
);
pub const PROCESS_LIMIT: Message<1> = message(
    "at most {} at a time, the limit during a check",
    "同时不超过 {} 个，这是检查时的上限",
);
pub const FIND_LOOP_THAT_STARTS: Message<0> = message(
    "find the loop that starts them, and wait for each to end",
    "找出那个不停启动进程的循环，并等待每个进程结束",
);
pub const NO_LIMITS_HERE: Message<0> = message(
    "on this system a check does not limit the memory and files of a program, and \
     processes that the program starts may outlive the check",
    "在这个系统上，检查不限制程序所用的内存和文件，程序启动的进程在检查之后也可能继续\
     运行",
);
pub const NO_MEMORY_LIMIT_HERE: Message<0> = message(
    "on this system a check does not limit a program's memory, and processes that it \
     starts in another session may outlive the check",
    "在这个系统上，检查不限制程序所用的内存，程序在另一个会话里启动的进程在检查之后也\
     可能继续运行",
);
pub const ONLY_ON_LINUX: Message<1> = message(
    "checks of this lesson that are skipped because they need Linux: {}",
    "这一课有 {} 项检查只能在 Linux 上进行，这里跳过",
);
pub const ENDED_BY_SIGNAL: Message<1> =
    message("it was killed by signal {}", "程序被信号 {} 终止");
pub const ENDED_WITH_0: Message<0> = message(
    "it exited by itself, with code 0",
    "程序自己退出了，退出码为 0",
);
pub const ENDED_WITH_CODE: Message<1> =
    message("it exited with code {}", "程序退出了，退出码为 {}");
pub const STILL_RUNS: Message<2> =
    message("it still runs after {} s{}", "程序运行了 {} 秒还没有结束{}");
pub const ENDS_WITH_0: Message<0> = message(
    "it ends by itself with code 0, which means success",
    "程序自己结束，退出码为 0，表示成功",
);
pub const ENDS_WITH_AN_ERROR: Message<0> = message(
    "it ends by itself with another code than 0, which means failure",
    "程序自己结束，退出码不为 0，表示失败",
);
pub const NO_FILE: Message<1> = message("there is no {}", "没有 {}");
pub const WRITTEN_IN_PLACE: Message<2> = message(
    "whoever had opened {} before reads now:\n{}",
    "先前打开了 {} 的程序，现在读到：\n{}",
);
pub const REPLACED: Message<1> = message(
    "the opened {} still has its old content, because a new file has replaced it",
    "已经打开的 {} 还是原来的内容，因为它是被新文件整个替换的",
);
pub const WAS_GONE: Message<1> = message(
    "there was a moment without {}: it was removed or renamed first",
    "有一个时刻没有 {}：它先被删除或改名了",
);
pub const WAS_WRITTEN: Message<1> = message(
    "{} was written under its own name: a reader may get a half",
    "写入 {} 的时候，它已经叫这个名字：读它的程序可能读到半个文件",
);
pub const ONLY_RENAMED: Message<1> = message(
    "a complete file is renamed to {}, and nothing else happens to that name",
    "把写完的文件改名为 {}，除此之外不动这个名字",
);
pub const AS_IT_WAS: Message<1> = message(
    "{} has the same bytes as before",
    "{} 的内容与先前逐字节相同",
);
pub const OTHER_NAME: Message<1> = message("the program creates {}", "程序创建了 {}");
pub const NO_OTHER: Message<2> = message(
    "of the names that end in {}, only {}, at every moment",
    "以 {} 结尾的文件名，任何时刻都只有 {}",
);
pub const ENDED: Message<0> = message("it exited", "程序退出了");

// Responses.

pub const ANSWER_EXPECTED: Message<1> =
    message("a response to {} within 5 s", "在 5 秒之内响应 {}");
pub const WHY_ANSWERS: Message<0> = message(
    "Prometheus waits for `scrape_timeout`, 5 s in this repository's prometheus.yml; \
     then `up` is 0, and the metrics of that scrape are lost.",
    "Prometheus 只等待 `scrape_timeout` 那么久，在本仓库的 prometheus.yml 里是 5 秒；\
     超过之后 `up` 为 0，这次抓取的指标就丢了。",
);
pub const NOT_HTTP: Message<0> =
    message("a response that is not HTTP", "响应不是 HTTP");
pub const NOT_HTTP_BECAUSE: Message<1> =
    message("a response that is not HTTP: {}", "响应不是 HTTP：{}");
pub const NO_ANSWER_IN_TIME: Message<1> = message(
    "no complete response within {} s",
    "{} 秒之内没有收到完整的响应",
);
pub const CONNECTION_BROKE: Message<1> =
    message("the connection broke: {}", "连接中断：{}");
pub const ANSWER_WITHOUT_END: Message<1> = message(
    "more than {} MiB, and still no end",
    "超过了 {} MiB，还没有结束",
);
pub const HAS_HEADER: Message<3> = message("{}: {}: {}", "{}：{}: {}");
pub const HAS_NO_HEADER: Message<3> =
    message("{}: status {}, without {}", "{}：状态码 {}，没有 {}");
pub const GET_STATUS: Message<2> = message("{}: status {}", "{}：状态码 {}");
pub const WHY_STATUS: Message<0> = message(
    "Prometheus accepts only responses with status 200: any other status sets `up` to \
     0.",
    "Prometheus 只接受状态码为 200 的响应：只要不是 200，`up` 就是 0。",
);
pub const NO_CONTENT_TYPE: Message<0> = message("no Content-Type", "没有 Content-Type");
pub const WHY_CONTENT_TYPE: Message<0> = message(
    "It names the format. When it is missing or unknown, Prometheus 2 guesses, and \
     Prometheus 3 rejects the response unless `fallback_scrape_protocol` is set.",
    "它写明了格式。没有它或者认不出来时，Prometheus 2 会去猜；Prometheus 3 则拒绝，除\
     非设置了 `fallback_scrape_protocol`。",
);
pub const GET_NO_LINK: Message<1> = message("{}: no links", "{}：没有链接");
pub const GET_LINKS: Message<2> = message("{}: links to {}", "{}：链接到 {}");

// Further requests, and other paths.

pub const ASKED_AGAIN: Message<0> = message("requested again", "再次请求时");
pub const ASKED_AS_CURL: Message<0> =
    message("requested as curl does", "像 curl 那样请求时");
pub const ASKED_WITH: Message<1> = message("with {}", "请求带有 {}");
pub const ASKED_THROUGH_PROXY: Message<0> =
    message("requested through a proxy", "经过代理请求时");
pub const ASKED_ONCE_MORE: Message<0> =
    message("requested once more", "最后再请求一次时");
pub const ASKED_NTH_TIME: Message<1> = message("request {}", "第 {} 次请求时");
pub const ASKED_AT_ONCE: Message<1> =
    message("{} requests at once", "{} 个请求同时到达时");
pub const ASKED_MEANWHILE: Message<1> =
    message("requested while {} is answered", "在响应 {} 的同时");
pub const AFTER_ANOTHER_START: Message<0> =
    message("in another run of the program", "另一次运行时");
pub const STARTED_WITHOUT: Message<1> =
    message("in a run of the program without {}", "不设 {} 运行时");
pub const ANSWERED_AFTER: Message<2> =
    message("{}: a response after {} s", "{}：{} 秒之后才有响应");
pub const ANSWERED_WITHIN: Message<2> =
    message("{}: a response within {} s", "{}：在 {} 秒之内响应");
pub const WHY_SLOW: Message<0> = message(
    "Prometheus waits only for `scrape_timeout`, and several clients may ask at once: \
     a program that is slow for one request times out under load.",
    "Prometheus 只等待 `scrape_timeout` 那么久，而且可能有好几个客户端同时请求：处理\
     一个请求就慢的程序，请求一多就会超时。",
);
pub const WHY_STEADY: Message<0> = message(
    "Prometheus stores every scrape: a series that comes and goes leaves gaps, and a \
     counter that falls looks like a restart.",
    "每次抓取的结果 Prometheus 都会存下来：时间序列时有时无，就会有空缺；计数器下降，\
     会被当作重启。",
);
pub const GONE_IN_ANOTHER: Message<1> = message(
    "{}\nbut missing in another scrape",
    "{}\n而另一次抓取里没有",
);
pub const AND_AFTER_IT: Message<2> = message("{}\nand then {}", "{}\n之后则是 {}");
pub const EACH_SERIES_STAYS: Message<0> =
    message("each series in every scrape", "每次抓取都有同样的时间序列");
pub const COUNTER_NEVER_FALLS: Message<0> =
    message("a counter that never falls", "从不下降的计数器");
pub const TYPE_AND_HELP_STAY: Message<0> = message(
    "the same type and help text in every scrape",
    "每次抓取的类型和帮助文本都相同",
);
pub const DEAD_LINK: Message<2> = message(
    "GET /: links to {}, which returns status {}",
    "GET /：链接到 {}，而那里返回的状态码是 {}",
);
pub const LINKS_EXPECTED: Message<0> = message("no dead links", "没有失效的链接");
pub const WHY_LINKS: Message<0> = message(
    "A dead link is worse than none: it makes the program look broken when only its \
     page is.",
    "失效的链接比没有链接更糟：它让人以为程序坏了，其实坏的只是这个网页。",
);
pub const PROGRAM_DOES_NOT_PANIC: Message<0> =
    message("the program does not panic", "程序没有 panic");
pub const NO_PANIC: Message<0> =
    message("no panic on standard error", "标准错误上没有 panic");
pub const WHY_PANICS: Message<0> = message(
    "A panic interrupts whatever its thread was doing: a request, an update, work \
     under a lock. If the result still looks right, that is luck.",
    "panic 会打断线程正在做的事：处理请求、更新数据、持锁的操作。之后看起来仍然正确，\
     只是碰巧。",
);
pub const WHY_JOB_PANICS: Message<0> = message(
    "A panic says that the program has a bug, and where. A missing file or a full disk \
     isn't one: return an error, which says only what the operator must know.",
    "panic 是说程序有 bug，并指出在源代码的什么地方。缺少文件、磁盘写满都不是 bug：\
     返回一个错误，只说运维的人需要知道的事。",
);
pub const ON_PATH: Message<1> = message("on {}", "在 {} 上");
pub const REDIRECT: Message<2> = message("{}, a redirect to {}", "{}，重定向到 {}");
pub const SHOWN_ABOVE: Message<1> = message(
    "{} (what is served instead is shown above)",
    "{}（现有的样本见上文）",
);

// What a lesson wants.

pub const NO_TYPE: Message<1> = message("no TYPE for {}", "{} 没有 TYPE");
pub const NO_METRIC: Message<2> = message("no metric {}{}", "没有指标 {}{}");
pub const NO_SAMPLE: Message<2> = message("no sample {}{}", "没有样本 {}{}");
pub const PAGE_EMPTY: Message<0> = message("; the response is empty", "；响应是空的");
pub const PAGE_HAS: Message<1> = message("; the response has {}", "；响应里有 {}");
pub const NO_SUCH: Message<1> = message("no {}", "没有 {}");
pub const EACH_IN_RANGE: Message<3> =
    message("{}, each from {} to {}", "{}，每条的值在 {} 到 {} 之间");
pub const OR_MORE: Message<2> = message("{}, {} or more", "{}，不小于 {}");
pub const OR_LESS: Message<2> = message("{}, {} or less", "{}，不大于 {}");
pub const WITH_LABELS: Message<2> = message("{}, labeled with {}", "{}，带有标签 {}");
pub const SERIES_ARE: Message<2> = message("{} series:\n{}", "{} 条时间序列：\n{}");
pub const AND_MORE: Message<2> = message("{} and {} more", "{} 等，另有 {} 个");
pub const SERIES_OF: Message<2> = message("{} series {}", "{} 条时间序列 {}");
pub const MOST_SERIES: Message<2> = message(
    "at most {} series {} that aren't 0",
    "不为 0 的时间序列最多 {} 条：{}",
);

// What a lesson wants of responses.

pub const SHOWN_AS_TEXT: Message<2> = message(
    "{}: Content-Type: {}, which a browser shows as text, without links",
    "{}：Content-Type: {}，浏览器会当作纯文本显示，没有链接",
);
pub const GET_TEXT: Message<2> = message("{}: a text with `{}`", "{}：文本中有 `{}`");
pub const WITHOUT: Message<2> = message("{} and without `{}`", "{}，没有 `{}`");
pub const GET_NOTHING: Message<1> = message("{}: an empty response", "{}：响应是空的");
pub const GET_NO_SAMPLES: Message<1> = message("{}: no samples", "{}：没有样本");
pub const GET_NOTHING_OF: Message<2> =
    message("{}: none of these: {}", "{}：没有这些内容：{}");
pub const NO_HELP: Message<1> = message("no HELP for {}", "{} 没有 HELP");
pub const HELP_WITH_TEXT: Message<1> = message(
    "# HELP {}, with a text that says what it is",
    "# HELP {}，以及说明它是什么的文本",
);
pub const HELP_BEFORE_SAMPLES: Message<1> = message(
    "# HELP {} before its samples",
    "# HELP {}，写在它的样本之前",
);
pub const WITHOUT_TIMESTAMP: Message<1> =
    message("{} without a timestamp", "{}，不带时间戳");
pub const ONLY_METRICS: Message<1> =
    message("no metrics other than {}", "除 {} 以外没有别的指标");
pub const WITHOUT_ANOTHER_LABEL: Message<1> =
    message("{}, with no other labels", "{}，没有别的标签");
pub const EXACT_LABELS: Message<2> = message(
    "{}, labeled with {} and nothing else",
    "{}，带有标签 {}，没有别的标签",
);
pub const LARGER_IN_NEXT: Message<2> = message(
    "{} larger by {} in the next scrape",
    "{}，下一次抓取时增加 {}",
);
pub const LARGER_THAN_AT_FIRST: Message<1> =
    message("{} larger than at first", "{}，比最初的大");
pub const AS_LIBRARY_READS: Message<1> =
    message("{}, as the library reads it", "{}，与本库读到的相同");
pub const VALUES_OF: Message<2> = message("{} values of {}", "{} 个值，来自 {}");
pub const TYPICAL_ERROR: Message<3> = message(
    "{}: typically {} away from {}",
    "{}：偏差通常为 {}，相对于 {}",
);
pub const TYPICAL_ERROR_AT_MOST: Message<3> = message(
    "{}: typically at most {} away from {}",
    "{}：偏差通常不超过 {}，相对于 {}",
);
pub const MIB_MEMORY: Message<1> = message("{} MiB of memory", "{} MiB 内存");
pub const THREADS: Message<1> = message("{} threads", "{} 个线程");
pub const OPEN_DESCRIPTORS: Message<1> =
    message("{} open file descriptors", "{} 个打开的文件描述符");
pub const GREW_OVER_REQUESTS: Message<3> = message(
    "{}, then {} after {} requests",
    "起初是 {}，后来是 {}，其间有 {} 个请求",
);
pub const SAME_AFTER_REQUESTS: Message<2> = message(
    "still about {} after {} requests",
    "仍然大约是 {}，即使有过 {} 个请求",
);
pub const CONNECTIONS_TO: Message<2> =
    message("connections to {}: {}", "到 {} 的连接数：{}");
pub const LINE_ON_STDERR: Message<0> =
    message("a line on standard error", "标准错误上有一行");
pub const TEXT_ON_STDERR: Message<1> =
    message("`{}` on standard error", "标准错误上有 `{}`");
pub const TIMES: Message<2> = message("{}, {} times", "{}，共 {} 次");
pub const NOTHING_ON_STDERR: Message<0> =
    message("nothing on standard error", "标准错误上什么也没有");
pub const ON_STDERR: Message<1> =
    message("on standard error:\n{}", "标准错误上是：\n{}");
pub const ON_STDOUT: Message<1> =
    message("on standard output:\n{}", "标准输出上是：\n{}");

// An exposition that cannot be parsed.

pub const WHY_FORMAT: Message<0> = message(
    "A single unreadable line makes Prometheus reject the whole response: `up` is 0, \
     and all metrics of that scrape are lost.",
    "只要有一行无法解析，Prometheus 就会拒绝整个响应：`up` 为 0，这次抓取的指标全部丢\
     失。",
);
pub const FORMAT_EXPECTED: Message<0> = message(
    "the text format, which docs/en/reference/exposition.md describes",
    "文本格式，见 docs/zh/reference/exposition.md",
);
pub const LINE_OF: Message<2> = message("line {}: {}", "第 {} 行：{}");
pub const NOT_UTF8: Message<0> = message(
    "it has bytes that are not UTF-8: write UTF-8",
    "它含有不是 UTF-8 的字节：要写成 UTF-8",
);
pub const NUL_BYTE: Message<0> = message(
    "it has a NUL byte, at which Prometheus may silently stop reading",
    "它含有 NUL 字节，Prometheus 可能读到这里就停下，而且不作任何提示",
);
pub const LAST_LINE_OPEN: Message<1> = message(
    "the last line, `{}`, has no newline",
    "最后一行 `{}` 没有换行符",
);
pub const WHY_LINE_END: Message<0> = message(
    "The format requires it: otherwise a truncated exposition looks like a whole one. \
     promtool rejects it (\"unexpected end of input stream\"), though Prometheus does \
     not.",
    "这是格式的要求：否则指标输出被截断了也看不出来。promtool 会拒绝（“unexpected end \
     of input stream”），Prometheus 则不会。",
);
pub const LINE_END_EXPECTED: Message<0> = message(
    "a newline, `\\n`, after every line, including the last",
    "每一行后面都有换行符 `\\n`，包括最后一行",
);
pub const WHY_DUPLICATE: Message<0> = message(
    "Prometheus keeps the first of the two and drops the other: 2.42 silently, newer \
     versions with a warning in their log.",
    "Prometheus 只保留两个中的第一个，另一个就丢了：2.42 没有任何提示，新版本会在日志\
     里警告。",
);
pub const EACH_SERIES_ONCE: Message<0> = message(
    "each series, a name with its labels, only once",
    "每条时间序列（名称连同标签）只出现一次",
);
pub const FIX_DUPLICATE: Message<0> = message(
    "give the two different label values, or add them up",
    "给这两个加上不同的标签值，或者把它们的值相加",
);
pub const WINDOWS_LINE_END: Message<0> = message(
    "it ends with `\\r\\n`, as on Windows",
    "它以 `\\r\\n` 结尾，那是 Windows 的换行",
);
pub const NO_NAME_AFTER: Message<2> = message(
    "`{}` after {} is not a metric name",
    "`{}` 写在 {} 后面，却不是合法的指标名",
);
pub const SECOND_HELP: Message<1> =
    message("a second HELP for `{}`", "`{}` 有了第二个 HELP");
pub const SECOND_TYPE: Message<1> =
    message("a second TYPE for `{}`", "`{}` 有了第二个 TYPE");
pub const BELONGS_TO_ANOTHER: Message<4> = message(
    "`{}` belongs to the {} `{}`, so promtool takes this for its second {}: rename \
     one of the two",
    "`{}` 属于 {} `{}`，promtool 会把这一行当作后者的第二个 {}：请给其中一个改名",
);
pub const NAME_MISSING_AFTER: Message<1> =
    message("there is no metric name after {}", "{} 后面没有指标名");
pub const TYPE_MISSING_AFTER: Message<1> =
    message("there is no type after `{}`", "`{}` 后面没有类型");
pub const BLANKS_BEFORE_TYPE: Message<1> = message(
    "there is more than one space or tab before the type `{}`, and Prometheus takes \
     the extra ones for a part of it",
    "类型 `{}` 前面的空格或制表符不止一个，Prometheus 会把多余的当作类型的一部分",
);
pub const HELP_ESCAPE: Message<0> = message(
    "its text has a `\\` that escapes nothing: write `\\\\` for a backslash",
    "它的文本里有一个 `\\`，但没有转义任何字符：要表示 `\\`，请写 `\\\\`",
);
pub const TYPE_AFTER_SAMPLES: Message<0> = message(
    "its TYPE must come before its samples, not after them",
    "它的 TYPE 写在了样本之后，应当写在样本之前",
);
pub const NOT_A_TYPE: Message<2> = message(
    "`{}` is not a valid type: use one of {}",
    "`{}` 不是合法的类型，可用的有 {}",
);
pub const NO_VALUE: Message<0> = message("it has no value", "它没有值");
pub const LABEL_NOT_A_NUMBER: Message<3> = message(
    "in a {} the label `{}` must be a number, and `{}` isn't one",
    "在 {} 里，标签 `{}` 的值应当是数，而 `{}` 不是",
);
pub const BLANKS_BEFORE_NAME: Message<0> = message(
    "there are spaces or tabs before its name, and Prometheus takes them for a part \
     of it",
    "它的名称前面有空格或制表符，Prometheus 会当作名称的一部分",
);
pub const SIGNED_NAN: Message<1> = message(
    "its value `{}` has a sign, and `NaN` must not have one",
    "它的值 `{}` 带有正负号，而 `NaN` 不能带",
);
pub const VALUE_TOO_LARGE: Message<1> = message(
    "its value `{}` is beyond the largest float: write `+Inf` or `-Inf`",
    "它的值 `{}` 超出了浮点数的范围：请写 `+Inf` 或 `-Inf`",
);
pub const BLANK_AT_END: Message<0> = message(
    "it has a space or tab at its end, after which promtool expects a timestamp",
    "它的末尾有空格或制表符，promtool 会以为后面还有时间戳",
);
pub const AFTER_TIMESTAMP: Message<1> = message(
    "`{}` comes after the timestamp, which must be the last in a line",
    "时间戳后面还有 `{}`，而时间戳应当是一行的最后一项",
);
pub const VALUE_NOT_A_NUMBER: Message<1> =
    message("its value `{}` isn't a number", "它的值 `{}` 不是数");
pub const NOT_A_TIMESTAMP: Message<1> = message(
    "the timestamp `{}` isn't a whole number of milliseconds since 1970, 0 or more",
    "时间戳 `{}` 不是 1970 年以来的毫秒数（不小于 0 的整数）",
);
pub const NOT_A_METRIC_NAME: Message<1> =
    message("`{}` is not a metric name", "`{}` 不是合法的指标名");
pub const LABEL_TWICE: Message<1> =
    message("it has the label `{}` twice", "标签 `{}` 出现了两次");
pub const AFTER_A_LABEL: Message<0> = message(
    "a label must be followed by `,` or `}`",
    "标签后面应当是 `,` 或 `}`",
);
pub const LABELS_OPEN: Message<0> =
    message("its labels have no closing `}`", "它的标签后面没有 `}`");
pub const NOT_A_LABEL_NAME: Message<1> =
    message("`{}` is not a label name", "`{}` 不是合法的标签名");
pub const LABEL_NAME_RESERVED: Message<0> = message(
    "the label `__name__` is reserved for the metric's name",
    "标签 `__name__` 是留给指标名的",
);
pub const LABEL_WITHOUT_QUOTES: Message<1> =
    message("the value of `{}` is not in quotes", "`{}` 的值没有加引号");
pub const LABEL_ESCAPE: Message<1> = message(
    "the value of `{}` has a `\\` that escapes nothing",
    "`{}` 的值里有一个 `\\`，但没有转义任何字符",
);
pub const LABEL_QUOTE_OPEN: Message<1> = message(
    "the value of `{}` has no closing quote",
    "`{}` 的值没有后引号",
);

// Lint problems and inconsistencies.

pub const WHY_LINT: Message<0> = message(
    "People type a metric's name into queries for years. promtool checks the \
     conventions that let them guess it.",
    "指标名会在查询里用上许多年；promtool 检查的，是让人猜得出名称的那些惯例。",
);
pub const NO_COMPLAINT: Message<0> =
    message("no problems found by promtool", "promtool 没有发现问题");
pub const FIX_NO_HELP: Message<1> = message(
    "write `# HELP {} …` before its samples",
    "在它的样本之前写 `# HELP {} …`",
);
pub const FIX_UNIT: Message<1> = message(
    "rename it to `{}` and convert its value",
    "改名为 `{}`，并换算它的值",
);
pub const FIX_TOTAL: Message<1> =
    message("rename it to `{}_total`", "改名为 `{}_total`");
pub const FIX_NOT_A_COUNTER: Message<0> = message(
    "make it a counter if it only grows; otherwise remove `_total` from its name",
    "如果它只增不减，就改成计数器，否则去掉名称末尾的 `_total`",
);
pub const FIX_RESERVED_END: Message<1> = message(
    "remove `{}` from the end of its name: the library adds it for a histogram or a \
     summary",
    "去掉名称末尾的 `{}`：直方图和摘要的这个后缀由库加上",
);
pub const FIX_RESERVED_LABEL: Message<2> = message(
    "rename the label: `{}` is reserved for the type {}",
    "给标签换一个名称：`{}` 是留给 {} 类型的",
);
pub const FIX_TYPE_IN_NAME: Message<1> = message(
    "remove `{}` from its name: the TYPE line says it",
    "去掉名称里的 `{}`：TYPE 那一行已经说明了",
);
pub const FIX_COLONS: Message<0> = message(
    "use `_` instead: colons are for recording rules in Prometheus",
    "改用 `_`：冒号是留给 Prometheus 的记录规则的",
);
pub const FIX_LETTERS: Message<0> = message(
    "use lowercase letters, with `_` between the words",
    "改用小写字母，单词之间写 `_`",
);
pub const FIX_SHORT_UNIT: Message<0> = message(
    "spell out the base unit, as in `_seconds` or `_bytes`, and convert the value",
    "写出完整的基本单位，例如 `_seconds` 或 `_bytes`，并换算它的值",
);
pub const WHY_CONSISTENT: Message<0> = message(
    "Nothing rejects it, and every quantile computed from it is wrong.",
    "没有什么会拒绝它，但由它算出的分位数都是错的。",
);
pub const BUCKETS_THAT_GROW: Message<0> = message(
    "buckets that count everything less than or equal to their bound, so that they \
     never fall",
    "桶统计的是小于或等于边界的个数，所以从不下降",
);
pub const LAST_BUCKET_IS_COUNT: Message<0> = message(
    "a last bucket, le=\"+Inf\", that equals `_count`",
    "最后一个桶是 le=\"+Inf\"，等于 `_count`",
);
pub const QUANTILE_RANGE: Message<0> =
    message("a quantile from 0 to 1", "从 0 到 1 的分位数");
pub const WITH_COLON: Message<1> = message("{}:", "{}：");
pub const NO_SUCH_LESSON: Message<2> = message(
    "there is no lesson `{}`; there are {}. `cargo workbook list` shows them.",
    "没有 `{}` 这一课，有的是 {}。`cargo workbook list` 会列出它们。",
);
pub const SEVERAL_LESSONS: Message<2> = message(
    "`{}` could mean several lessons: {}",
    "`{}` 不够明确，可能是 {}",
);
pub const AFTER_COLON: Message<2> = message("{}: {}", "{}：{}");
pub const COMMA: Message<0> = message(", ", "、");
pub const NOT_PASSED_SOLUTION: Message<2> = message(
    "{} has not passed yet. To see the solution anyway: `cargo workbook solution {} \
     --anyway`",
    "第 {} 课还没有通过。如果还是想看解法：`cargo workbook solution {} --anyway`",
);
pub const KEEPS_OTHER_RULES: Message<1> = message(
    "{} follows the other rules for every exposition",
    "{} 符合指标输出的其他通用规则",
);
pub const MORE_OF_THIS_KIND: Message<1> =
    message("\n… and {} more of this kind", "\n……另有 {} 处同样的问题");

// --help.

pub const ABOUT_WORKBOOK: Message<0> = message(
    "The exercises of the exporter workbook",
    "《Exporter 练习册》的练习",
);
pub const WITHOUT_COMMAND: Message<0> = message(
    "Without a command, `cargo workbook` shows the current lesson and what to do next.\nNN is a \
     lesson's number, such as 02a, or the path of its exercise; without it, a command \
     is about the lesson whose folder you are in, or else about the current lesson.\n\
     `cargo workbook 02a` is short for `cargo workbook task 02a`.",
    "不带命令：显示当前是哪一课，下一步做什么。\nNN 是课的编号，例如 02a，也可以是练\
     习文件的路径；不写时，命令针对你所在文件夹的那一课，不在课的文件夹里，就针对当前\
     的一课。\n`cargo workbook 02a` 是 `cargo workbook task 02a` 的简写。",
);
pub const ABOUT_NUMBER: Message<0> = message("A lesson's number", "课的编号");
pub const ABOUT_LIST: Message<0> =
    message("Lists the lessons and your progress", "列出各课和你的进度");
pub const ABOUT_TASK: Message<0> = message(
    "Shows a lesson's task and makes the lesson current",
    "显示某一课的任务，并转到那一课",
);
pub const ABOUT_RUN: Message<0> = message(
    "Runs the lesson's own program, or with --exercise yours; Ctrl-C ends it",
    "运行这一课自己的程序，加上 --exercise 则运行你的练习；按 Ctrl-C 结束",
);
pub const ABOUT_ADDRESS: Message<0> = message(
    "HOST:PORT to listen on, instead of the lesson's",
    "要监听的 HOST:PORT，代替这一课默认的地址",
);
pub const ABOUT_EXERCISE: Message<0> =
    message("Runs your exercise instead", "运行你的练习");
pub const ABOUT_CHECK: Message<0> = message(
    "Builds your exercise, starts it, scrapes it, and reports what is wrong",
    "构建你的练习，启动它，抓取它，再指出哪里不对",
);
pub const ABOUT_CHECK_ALL: Message<0> = message(
    "Checks every lesson, and prints a line for each",
    "检查每一课，各显示一行",
);
pub const ABOUT_PROGRAM: Message<0> = message(
    "Checks this program, already built, instead of your exercise",
    "检查这个已经构建好的程序，而不是你的练习",
);
pub const ABOUT_HINT: Message<0> =
    message("Shows one more hint each time", "显示一条提示，每次多一条");
pub const ABOUT_HINT_ALL: Message<0> = message("Shows all hints", "显示全部提示");
pub const ABOUT_SOLUTION: Message<0> = message(
    "Shows our solution, after your check has passed or with --anyway",
    "显示我们的解法；要先通过检查，或者加上 --anyway",
);
pub const ABOUT_ANYWAY: Message<0> = message(
    "Shows it even if your check hasn't passed",
    "检查没有通过也显示",
);
pub const ABOUT_RESET: Message<0> = message(
    "Restores the starter code, and keeps a copy of yours",
    "恢复成起始代码，并为你的代码留一个副本",
);
pub const ABOUT_RESET_ALL: Message<0> =
    message("Resets every exercise", "恢复全部练习");
pub const ABOUT_YES: Message<0> = message("Doesn't ask first", "不先询问");
pub const ABOUT_NEXT: Message<0> = message(
    "Moves to the next lesson that isn't done",
    "转到后面第一个没完成的课",
);
pub const ABOUT_WATCH: Message<0> = message(
    "Checks again each time you save; Ctrl-C ends it",
    "每次保存时检查一次；按 Ctrl-C 结束",
);
pub const ABOUT_PLAIN: Message<0> = message(
    "Omits the progress bar, which a screen reader would spell out",
    "不显示进度条（屏幕阅读器会逐字念出进度条）",
);
pub const ABOUT_LANG: Message<0> = message(
    "The language to use (by default zh if LANG is Chinese, en otherwise)",
    "使用的语言（默认看 LANG：是中文就用 zh，否则用 en）",
);
pub const BY_PROMTOOLS_RULES: Message<1> =
    message("by promtool's rules: {}", "按 promtool 的规则：{}");
pub const USAGE: Message<1> = message("Usage: {}", "用法：{}");
pub const OPTIONS: Message<0> = message("Options:", "选项：");
pub const COMMANDS: Message<0> = message("Commands:", "命令：");
pub const ARGUMENTS: Message<0> = message("Arguments:", "参数：");
pub const ABOUT_HELP: Message<0> = message(
    "Shows this help, or a command's",
    "显示本帮助，或者某个命令的用法",
);
pub const ABOUT_HELP_OF: Message<0> =
    message("A command, such as check", "命令，例如 check");
pub const ABOUT_HELP_FLAG: Message<0> = message("Shows this help", "显示本帮助");
pub const ABOUT_VERSION: Message<0> = message("Shows the version", "显示版本");
pub const ABOUT_POLL: Message<0> = message(
    "Looks for changes twice a second, for a disk that doesn't report them",
    "每秒检查两次文件有没有变化，用于不会通知变化的磁盘",
);

// Invalid arguments.

pub const SEE_HELP: Message<0> = message(
    "`cargo workbook help` lists the commands and options.",
    "`cargo workbook help` 会列出可用的命令和选项。",
);
pub const NO_SUCH_COMMAND: Message<1> =
    message("there is no command `{}`", "没有 `{}` 这个命令");
pub const NO_SUCH_OPTION: Message<1> =
    message("there is no option `{}` here", "这里没有 `{}` 这个选项");
pub const DID_YOU_MEAN: Message<1> =
    message("; did you mean `{}`?", "；你是不是想写 `{}`？");
pub const WORD_TOO_MANY: Message<1> =
    message("unexpected argument `{}`", "`{}` 是多余的");
pub const GIVEN_TWICE: Message<1> = message("{} was given twice", "{} 写了两次");
pub const NEEDS_VALUE: Message<1> = message("{} needs a value", "{} 需要一个值");
pub const NEEDS_VALUE_OF: Message<2> =
    message("{} needs a value: {}", "{} 需要一个值：{}");
pub const NOT_A_VALUE_OF: Message<3> = message(
    "`{}` isn't a value of {}; the values are: {}",
    "`{}` 不能用作 {} 的值，可用的是 {}",
);
pub const EXCLUDE_EACH_OTHER: Message<2> = message(
    "{} and `{}` can't be used together",
    "{} 和 `{}` 不能同时使用",
);
pub const IS_MISSING: Message<1> = message("{} is missing", "缺少 {}");

// Tests of the learner's.

pub const CHANGED_CODE: Message<2> =
    message("`{}` changed to `{}`", "`{}` 改成了 `{}`");
pub const TESTS_SHOULD_PASS: Message<0> = message(
    "all tests pass on the program as it is",
    "程序没有改坏时，所有测试都通过",
);
pub const A_TEST_SHOULD_FAIL: Message<0> = message("a test fails", "有一个测试失败");
pub const TESTS_PASS_WITH: Message<1> = message(
    "all tests pass, although the program is broken:\n{}",
    "程序改坏了，所有测试却仍然通过：\n{}",
);
pub const TESTS_FAIL: Message<1> = message("a test fails:\n{}", "有测试失败：\n{}");
pub const TESTS_DO_NOT_END: Message<1> = message(
    "the tests still run after {} s",
    "测试运行了 {} 秒还没有结束",
);
pub const TESTS_NOT_COMPILED: Message<1> = message(
    "the tests don't compile with the program as it was:\n{}",
    "测试与原来的程序一起编译失败：\n{}",
);
pub const NO_TESTS: Message<1> =
    message("there is no `{}` in the file", "文件里没有 `{}`");
