using Microsoft.Extensions.Logging;
using Statecast.Contracts;
using Statecast.Transport;

namespace Statecast.Sqlite.Transport;

/// <summary>The log's files as one contract's target sees them, also those of sources that appear later.</summary>
internal sealed class SqliteLogDirectory(
    string directory,
    SqliteLogOptions options,
    StateContract contract,
    TimeProvider clock,
    ILogger logger
) : IDisposable
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private readonly Dictionary<string, SqliteLogFile> _files = new(StringComparer.Ordinal);
    private DateTime _written;
    private long _lookedAt;

    /// <summary>The files that list the contract's destination, oldest first.</summary>
    public IEnumerable<SqliteLogFile> Publishing =>
        _files
            .Values.Where(f => f.Destination is not null)
            .OrderBy(f => f.Header.CreatedAt)
            .ThenBy(f => f.Header.Source, StringComparer.Ordinal);

    /// <summary>Finds files that came, went, or were replaced.</summary>
    public void Refresh()
    {
        // The directory's time says when; its tick is coarse, so now and then it is looked at anyway.
        var written = Directory.GetLastWriteTimeUtc(directory);
        var changed = written != _written;
        if (changed || _lookedAt == 0 || clock.GetElapsedTime(_lookedAt) >= LookAgain)
        {
            _written = written;
            _lookedAt = clock.GetTimestamp();
            Look(changed);
        }
        foreach (var file in _files.Values)
            file.Refresh();
    }

    public void Dispose()
    {
        foreach (var file in _files.Values)
            file.Dispose();
        _files.Clear();
    }

    private void Look(bool changed)
    {
        var paths = Files();
        foreach (var gone in _files.Keys.Except(paths).ToList())
            if (_files.Remove(gone, out var file))
                file.Dispose();
        foreach (var path in paths)
            if (!_files.TryGetValue(path, out var file))
                _files.Add(path, new(path, options, contract, clock, logger));
            else if (changed)
                file.Verify();
    }

    private string[] Files()
    {
        try
        {
            return Directory.GetFiles(directory, "*.db");
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TransportException(
                $"The log directory '{directory}' cannot be listed: {e.Message} Check its permissions for this process.",
                e
            );
        }
    }
}
