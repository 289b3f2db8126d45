//! The scorecard as people read it.

use std::fmt;

use super::{Finding, Scorecard, TypeScore, share};

impl fmt::Display for Scorecard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "# 标注评分（{}）\n", self.variant)?;
        writeln!(
            formatter,
            "短语与文件 {} 条，无法读取 {} 行，类型之外的标注 {} 项未计。\n",
            self.phrases, self.unreadable, self.skipped
        )?;
        writeln!(formatter, "| 类型 | 标注 | 得出 | 正确 | 精确率 | 召回率 | F1 |\n|---|--:|--:|--:|--:|--:|--:|")?;
        for (name, score) in &self.types {
            row(formatter, name, score)?;
        }
        row(formatter, "合计", &self.total)?;
        for (name, score) in self.named_views() {
            row(formatter, name, &score)?;
        }
        self.measures(formatter)?;
        self.details(formatter)
    }
}

fn row(formatter: &mut fmt::Formatter<'_>, name: &str, score: &TypeScore) -> fmt::Result {
    let (precision, recall, f1) = (score.precision(), score.recall(), score.f1());
    let TypeScore { gold, found, correct } = score;
    writeln!(formatter, "| {name} | {gold} | {found} | {correct} | {precision:.3} | {recall:.3} | {f1:.3} |")
}

impl Scorecard {
    fn named_views(&self) -> [(&'static str, TypeScore); 5] {
        [
            ("数值条件", self.views.numeric),
            ("全部条件，只看指标", self.views.by_indicator),
            ("集合条件，一名相同", self.views.sets),
            ("集合条件，名称全同", self.views.sets_exact),
            ("支持标准，只看数额", self.views.awards_by_numbers),
        ]
    }

    fn measures(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "\n| 指标 | 值 |\n|---|--:|")?;
        writeln!(formatter, "| 位置完全一致 | {:.3} |", self.span_exact)?;
        writeln!(formatter, "| 位置重合不低于 0.8 | {:.3} |", self.span_overlap)?;
        writeln!(formatter, "| 干扰短语 | {} |", self.distractors)?;
        writeln!(formatter, "| 干扰短语中误得 | {} |", self.false_on_distractors)?;
        writeln!(formatter, "| 无条件的文本 | {} |", self.without_conditions)?;
        writeln!(formatter, "| 其中误得条件的 | {} |", self.without_conditions_hit)?;
        writeln!(formatter, "| 开放指标占条件 | {:.3} |", self.free_share)?;
        writeln!(formatter, "| 低置信占全部 | {:.3} |", self.low_confidence_share)
    }

    fn details(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "\n| 置信不低于 | 得出 | 正确 | 正确率 |\n|---|--:|--:|--:|")?;
        for band in self.calibration.iter().filter(|band| band.found > 0) {
            let right = share(band.correct, band.found);
            writeln!(formatter, "| {:.1} | {} | {} | {right:.3} |", band.from, band.found, band.correct)?;
        }
        if !self.reasons.is_empty() {
            writeln!(formatter, "\n| 漏掉的条件差在 | 项 |\n|---|--:|")?;
            let mut reasons: Vec<(&String, &usize)> = self.reasons.iter().collect();
            reasons.sort_by(|one, other| other.1.cmp(one.1).then_with(|| one.0.cmp(other.0)));
            for (reason, count) in reasons {
                let reason = if reason == "—" { "未得出" } else { reason };
                writeln!(formatter, "| {reason} | {count} |")?;
            }
        }
        if !self.worst.is_empty() {
            writeln!(formatter, "\n## 差错最多的文本\n")?;
            for worst in &self.worst {
                writeln!(formatter, "- {worst}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = self.rule.as_deref().map(|rule| format!(" ({rule})")).unwrap_or_default();
        writeln!(formatter, "{} {} {}{rule}", self.id, self.kind, self.what)?;
        if let Some(instead) = &self.instead {
            writeln!(formatter, "    对 {instead} [{}]", self.differs.join(" "))?;
        }
        write!(formatter, "    {}", self.around)
    }
}
