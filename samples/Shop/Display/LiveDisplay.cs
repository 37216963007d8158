using Spectre.Console;
using Spectre.Console.Rendering;

namespace Shop.Display;

/// <summary>A table that stays at the bottom of the terminal and shows how everything stands, below the lines that tell the story.</summary>
internal sealed class LiveDisplay(IAnsiConsole console) : IDisplay
{
    private volatile Snapshot _snapshot = new(0, 0, 0, []);
    private LiveDisplayContext? _live;

    public Task RunAsync(Func<Task> run) =>
        console
            .Live(Draw(_snapshot))
            .AutoClear(true)
            .StartAsync(async live =>
            {
                _live = live;
                await run();
            });

    public void Act(string title) => console.Write(new Rule($"[bold]{Markup.Escape(title)}[/]").LeftJustified());

    public void Say(string line) => console.MarkupLine($"  {Markup.Escape(line)}");

    public void Trouble(string who, string line) => console.MarkupLine($"  [yellow]! {Markup.Escape(who)}:[/] {Markup.Escape(line)}");

    public void Progress(Snapshot snapshot)
    {
        _snapshot = snapshot;
        _live?.UpdateTarget(Draw(snapshot));
    }

    private static IRenderable Draw(Snapshot snapshot)
    {
        var table = new Table()
            .Border(TableBorder.Rounded)
            .Title($"{snapshot.Done:N0} of {snapshot.Total:N0} requests, {snapshot.PerSecond:N0}/s");
        table.AddColumns("replica", "state");
        foreach (var column in (string[])["keys", "applied", "superseded", "parked", "behind", "staleness"])
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var service in snapshot.Services)
        foreach (var r in service.Replicas)
            table.AddRow(
                Markup.Escape($"{service.Service}/{r.Name}"),
                r.State == "Live" ? $"[green]{r.State}[/]" : $"[yellow]{r.State}[/]",
                $"{r.Keys:N0}",
                $"{r.Applied:N0}",
                $"{r.Superseded:N0}",
                r.Parked == 0 ? "0" : $"[red]{r.Parked:N0}[/]",
                $"{r.Behind:N0}",
                r.Staleness is { } staleness ? $"{staleness:0.0} s" : "[yellow]unknown[/]"
            );
        return table;
    }
}
