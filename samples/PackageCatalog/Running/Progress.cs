using System.Globalization;

namespace PackageCatalog.Running;

/// <summary>Tells what happens, line by line, with the time since the start.</summary>
internal sealed class Progress(TextWriter output, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    // Guards the writer and the time of the last passing line.
    private readonly Lock _gate = new();
    private readonly long _started = clock.GetTimestamp();
    private long _shown;

    public void Say(string line)
    {
        lock (_gate)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.GetElapsedTime(_started).TotalSeconds, 6:0.0} {line}"));
    }

    /// <summary>Something that changes all the time: told now and then.</summary>
    public void Pass(Func<string> line)
    {
        lock (_gate)
        {
            if (_shown != 0 && clock.GetElapsedTime(_shown) < Pause)
                return;
            _shown = clock.GetTimestamp();
        }
        Say(line());
    }
}
