using Spectre.Console;

namespace Shop.Story;

/// <summary>The report for people.</summary>
internal static class ReportTable
{
    public static void Write(IAnsiConsole console, ShopReport report)
    {
        var table = new Table().Border(TableBorder.Rounded).Title("The closed files");
        table.AddColumn("replica");
        foreach (var column in (string[])["keys", "applied", "superseded", "parked", "waiting", "applied twice", "staleness"])
            table.AddColumn(new TableColumn(column).RightAligned());
        table.AddColumn("verdict");
        foreach (var verdict in report.Verdicts)
        {
            var figures = verdict.Figures;
            table.AddRow(
                Markup.Escape(verdict.Name),
                $"{figures.Keys:N0}",
                $"{figures.Applied:N0}",
                $"{figures.Superseded:N0}",
                $"{figures.Parked:N0}",
                $"{figures.Waiting:N0}",
                $"{verdict.AppliedTwice:N0}",
                verdict.Staleness is { } staleness ? $"{staleness:0.0} s" : "unknown",
                verdict.Equal ? "[green]equal[/]" : "[red]NOT EQUAL[/]"
            );
        }
        console.Write(table);
        foreach (var verdict in report.Verdicts)
        foreach (var difference in verdict.Differences)
            console.MarkupLine($"[red]{Markup.Escape(verdict.Name)}: {Markup.Escape(difference)}[/]");
        if (report.Upgrade is { } upgrade)
            console.MarkupLine(Markup.Escape(upgrade.ToString()));
        foreach (var verdict in report.Verdicts.Where(v => v.ReplacedByMove > 0))
            console.MarkupLine(
                Markup.Escape(
                    $"{verdict.Name}: {verdict.ReplacedByMove:N0} rows were said again at the revision they had (in the newer major, because the replica asked, or because an answer was lost): applied, and not written again."
                )
            );
        if (report.Restore is { } restore)
            console.MarkupLine(Markup.Escape(restore.ToString()));
        foreach (var status in report.Statuses)
            console.MarkupLine(
                Markup.Escape($"{status.Service}: {string.Join(", ", status.Effects.Select(effect => $"{effect.Value:N0} {effect.Key}"))}")
            );
        console.MarkupLine(
            $"{report.Requests:N0} requests, {report.Interrupted:N0} of them interrupted and sent again, {report.Elapsed.TotalSeconds:0.0} s: "
                + (report.Equal ? "[green]all replicas equal their source[/]" : "[red]NOT all replicas equal their source[/]")
        );
    }
}
