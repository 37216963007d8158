namespace Statecast.Benchmarks.Harness;

/// <summary>The rows as a Markdown table, as <c>docs/performance.md</c> holds it.</summary>
internal static class RowTable
{
    public static void Write(IEnumerable<Row> rows, TextWriter output)
    {
        output.WriteLine("| suite | case | unit | ours | peer | limit | ours : peer | aim | |");
        output.WriteLine("| --- | --- | --- | ---: | ---: | ---: | ---: | --- | --- |");
        foreach (var row in rows)
            output.WriteLine(
                $"| {row.Suite} | {row.Case} | {row.Unit} | {Figure.Short(row.Ours)} | {Shown(row.Peer)} | {Shown(row.Limit)} | {Ratio(row)} | {row.Aim?.Text ?? "–"} | {Verdict(row)} |"
            );
    }

    private static string Shown(Reference? reference) => reference is null ? "–" : $"{Figure.Short(reference.Value)} ({reference.Name})";

    private static string Ratio(Row row) =>
        row.Peer is { Value: > 0 } peer ? FormattableString.Invariant($"{row.Ours / peer.Value:F2}") : "–";

    private static string Verdict(Row row) =>
        row.Aim is not { } aim ? ""
        : aim.IsMetBy(row) ? "met"
        : "missed";
}
