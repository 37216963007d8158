using Microsoft.Extensions.Logging;

namespace Statecast.Serialization.Avro.Registry;

/// <summary>Log lines about schema registries. Event ids 3100 to 3199; they are stable. Secrets are never in them.</summary>
internal static partial class RegistryLog
{
    [LoggerMessage(3100, LogLevel.Information, "The registry {Registry} has the schema of {Contract} under '{Subject}' with {Id}.")]
    public static partial void Found(ILogger logger, string registry, string contract, string subject, SchemaId id);

    [LoggerMessage(
        3101,
        LogLevel.Information,
        "The schema of {Contract} was registered under '{Subject}' of the registry {Registry} with {Id}."
    )]
    public static partial void Registered(ILogger logger, string registry, string contract, string subject, SchemaId id);

    [LoggerMessage(
        3102,
        LogLevel.Warning,
        "The registry {Registry} does not answer; the schema of {Contract} was registered under '{Subject}' with {Id} before, and is sent with it."
    )]
    public static partial void FoundInCache(
        ILogger logger,
        Exception exception,
        string registry,
        string contract,
        string subject,
        SchemaId id
    );

    [LoggerMessage(3103, LogLevel.Information, "The schema with {Id} was read from the registry {Registry}: {Schema}.")]
    public static partial void Learned(ILogger logger, string registry, SchemaId id, string schema);

    [LoggerMessage(3104, LogLevel.Warning, "{Reason} What was written in it is parked; it is asked for again every {Interval}.")]
    public static partial void Unknown(ILogger logger, string reason, TimeSpan interval);

    [LoggerMessage(3105, LogLevel.Warning, "Events wait for the schema with {Id}, which the registry {Registry} cannot tell now.")]
    public static partial void Waiting(ILogger logger, Exception exception, SchemaId id, string registry);

    [LoggerMessage(3109, LogLevel.Warning, "The schema with {Id} is still missing, and the registry cannot tell more now.")]
    public static partial void StillMissing(ILogger logger, Exception exception, SchemaId id);

    [LoggerMessage(3106, LogLevel.Warning, "The schema cache cannot use '{File}', and goes on without it.")]
    public static partial void CacheFailing(ILogger logger, Exception exception, string file);

    [LoggerMessage(
        3107,
        LogLevel.Information,
        "Schemas that were missing are known now; {Count} parked event(s) of '{Replica}' were applied."
    )]
    public static partial void Recovered(ILogger logger, string replica, int count);

    [LoggerMessage(
        3108,
        LogLevel.Warning,
        "What was parked in '{Replica}' for a schema that is known now could not be tried again; it is at the next start."
    )]
    public static partial void RetryFailing(ILogger logger, Exception exception, string replica);
}
