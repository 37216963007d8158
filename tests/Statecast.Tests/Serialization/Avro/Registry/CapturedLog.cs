using Microsoft.Extensions.Logging;
using Statecast.Serialization.Avro.Registry;
using Statecast.Tests.Hosting;

namespace Statecast.Tests.Serialization.Avro.Registry;

/// <summary>Keeps what was logged of schemas.</summary>
internal sealed class CapturedLog : ILogger<RegisteredSchemas>
{
    private readonly CapturedLogger _kept = new();

    public IEnumerable<string> Of(int id) => _kept.Of(id);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => _kept.Log(logLevel, eventId, state, exception, formatter);
}
