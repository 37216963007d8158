using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Sqlite.Files;
using Statecast.Transport;

namespace Statecast.Sqlite.Transport;

/// <summary>
/// The SQLite log: a directory with one file per source, written only by its relay and opened read-only by any number of targets, in one process or several
/// on one machine. Retained and compacted at append: the newest record of every key stays, deletes too.
/// The directory must be on a local file system.
/// </summary>
public sealed class SqliteLogTransport : ITransport
{
    /// <summary>The carrier's name.</summary>
    public const string CarrierName = "sqlite";

    private readonly SqliteLogOptions _options;
    private readonly IGuard _guard;
    private readonly TimeProvider _clock;
    private readonly IEntropy _entropy;
    private readonly ILogger _logger;
    private readonly string _directory;
    private readonly SqliteLogListener _listener;

    /// <summary>A log in a directory.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="guard">The condition of an append; null for the protocol's.</param>
    /// <param name="clock">Null for the machine's.</param>
    /// <param name="entropy">Null for the machine's.</param>
    /// <param name="logger">Null for none.</param>
    /// <exception cref="TransportException">A setting is out of range, or the loaded SQLite library is older than it must be.</exception>
    public SqliteLogTransport(
        SqliteLogOptions options,
        IGuard? guard = null,
        TimeProvider? clock = null,
        IEntropy? entropy = null,
        ILogger<SqliteLogTransport>? logger = null
    )
    {
        if (options.FindProblem() is { } problem)
            throw new TransportException($"The SQLite log cannot be used. {problem}");
        _options = options;
        _guard = guard ?? Guard.Instance;
        _clock = clock ?? TimeProvider.System;
        _entropy = entropy ?? SystemEntropy.Instance;
        _logger = logger ?? NullLogger<SqliteLogTransport>.Instance;
        _directory = Path.GetFullPath(options.Directory);
        _listener = new(_directory, options.PollInterval, _clock, _entropy, _logger);
    }

    /// <inheritdoc/>
    public string Carrier => CarrierName;

    /// <inheritdoc/>
    public TransportAbilities Abilities { get; } =
        new()
        {
            Retained = true,
            ConditionalAppend = true,
            RequestChannel = false,
            DefaultLanes = 8,
        };

    /// <inheritdoc/>
    public async ValueTask<ITransportSender> OpenSenderAsync(SenderOptions options, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var path = Path.Combine(_directory, FileNameOf(options.Source));
        var waker = new SqliteLogWaker(_directory, _clock);
        var writer = await OpenWriterAsync(path, options, ct).ConfigureAwait(false);
        // Targets that wait for this source's first file need not wait for their next look.
        waker.Wake();
        return new SqliteLogSender(_options, _guard, _clock, waker, writer, stop => OpenWriterAsync(path, options, stop));
    }

    // Makes the file if it is not there.
    private async ValueTask<SqliteLogWriter> OpenWriterAsync(string path, SenderOptions options, CancellationToken ct)
    {
        SqliteDatabase? database = null;
        try
        {
            PrivateFile.Ensure(path);
            database = SqliteDatabase.Open(path, SqliteAccess.Write, _options.BusyTimeout);
            var begun = SqliteLogHeader.Read(database);
            if (begun.Refusal(path) is { } refusal)
                throw new TransportException(refusal);
            database.UseWriteAheadLog();
            // What was confirmed must outlive the power: the outbox row is gone then.
            database.Execute("PRAGMA synchronous = FULL");
            var opened = await database
                .WriteAsync(file => SqliteLogDeclaration.Declare(file, options, _entropy.NextIncarnation(), _clock.GetUtcNow()), _clock, ct)
                .ConfigureAwait(false);
            return new(database, _options, opened.Incarnation, opened.Destinations);
        }
        catch (Exception e)
        {
            database?.Dispose();
            throw e switch
            {
                SqliteException error => new TransportException(Explain(error, path, _options), error),
                IOException or UnauthorizedAccessException or ArgumentException => new TransportException(
                    $"The log file '{path}' cannot be used: {e.Message}",
                    e
                ),
                _ => e,
            };
        }
    }

    /// <inheritdoc/>
    public ValueTask<ITransportReceiver> OpenReceiverAsync(ReceiverOptions options, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        try
        {
            PrivateFile.EnsureDirectory(_directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TransportException($"The log directory '{_directory}' cannot be made: {e.Message}", e);
        }
        return new(new SqliteLogReceiver(new(_directory, _options, options.Contract, _clock, _logger), _listener, options, _logger));
    }

    /// <summary>What an error means for a log file.</summary>
    internal static string Explain(SqliteException error, string path, SqliteOptions options) =>
        SqliteFault.Explain(
            error,
            "log file",
            path,
            "Stop its source, move the file away with its -wal and -shm, start the source again and let it republish.",
            options.BusyTimeout
        );

    // The service's name is a file's name: what could lead elsewhere does not pass.
    private static string FileNameOf(string source)
    {
        var allowed = source.Length is > 0 and <= 100 && source[0] != '.';
        foreach (var c in source)
            allowed &= char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_';
        return allowed
            ? $"{source}.db"
            : throw new TransportException(
                $"The service name '{source}' cannot name a log file: 1 to 100 ASCII letters, digits, '.', '-' and '_' are allowed, no '.' in front."
            );
    }
}
