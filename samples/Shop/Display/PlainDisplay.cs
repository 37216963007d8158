using System.Globalization;

namespace Shop.Display;

/// <summary>Plain lines: for a file, a pipe, or a terminal that wants no colour.</summary>
internal sealed class PlainDisplay(TextWriter output, TimeProvider clock) : IDisplay
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    // Guards the writer and the time of the last progress line.
    private readonly Lock _gate = new();
    private readonly long _started = clock.GetTimestamp();
    private long _shown;

    public Task RunAsync(Func<Task> run) => run();

    public void Act(string title) => Write($"== {title}");

    public void Say(string line) => Write($"   {line}");

    public void Trouble(string who, string line) => Write($" ! {who}: {line}");

    public void Progress(Snapshot snapshot)
    {
        lock (_gate)
        {
            if (_shown != 0 && clock.GetElapsedTime(_shown) < Pause)
                return;
            _shown = clock.GetTimestamp();
        }
        var services = snapshot.Services.SelectMany(service =>
            service.Replicas.Select(r => $"{service.Service}/{r.Name} {r.Keys} keys {r.State}{(r.Behind > 0 ? $" {r.Behind} behind" : "")}")
        );
        Write(string.Join(" | ", [$"   {snapshot.Done}/{snapshot.Total} requests, {snapshot.PerSecond:0}/s", .. services]));
    }

    private void Write(string line)
    {
        lock (_gate)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.GetElapsedTime(_started).TotalSeconds, 6:0.0} {line}"));
    }
}
