using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Statecast.Contracts;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Serialization.Avro.Registry;

/// <summary>
/// The schemas of one registry, in memory and on disk: what a carrier asks for a source's ids and a target's writers, and where the Avro codec finds a writer's
/// schema. The registry is asked once per schema; others wait for the same answer. Safe for any number of threads.
/// </summary>
public sealed class RegisteredSchemas : IAvroSchemas, IAsyncDisposable
{
    // Who has the id already waits no longer for the registry's word at a start.
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(2);

    private readonly ISchemaRegistry _registry;
    private readonly SchemaRegistryOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly SchemaCache _cache;
    private readonly SourceSchemas _source;
    private readonly MissingSchemas _missing;
    private readonly ConcurrentDictionary<SchemaId, RegisteredSchema> _known = new();
    private readonly ConcurrentDictionary<SchemaId, Fingerprint> _fingerprints = new();
    private readonly ConcurrentDictionary<Fingerprint, AvroSchema> _schemas = new();
    private readonly ConcurrentDictionary<string, Fingerprint> _own = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, StateContract> _contracts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<SchemaId, Lazy<Task>> _asked = new();
    private readonly ConcurrentDictionary<(string Subject, Fingerprint Schema), int> _sent = new();

    // What is learned of schemas and what of contracts must meet.
    private readonly Lock _learning = new();

    /// <param name="registry">The registry; disposed with this if it can be.</param>
    /// <param name="options">The settings.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">The log; null for none.</param>
    public RegisteredSchemas(
        ISchemaRegistry registry,
        SchemaRegistryOptions options,
        TimeProvider clock,
        ILogger<RegisteredSchemas>? logger = null
    )
    {
        (_registry, _options, _clock) = (registry, options, clock);
        _logger = logger ?? NullLogger<RegisteredSchemas>.Instance;
        _cache = new(FolderOf(registry, options), _logger);
        _source = new(registry, options, _logger);
        _missing = new(AskAgainAsync, options, clock, _logger) { Found = () => Recovered?.Invoke() };
        foreach (var schema in _cache.Load(options.MaxSchemas))
            Add(schema);
    }

    /// <summary>Raised when schemas that were missing are known now: what was parked for them can be applied. On a thread of the pool.</summary>
    public event Action? Recovered;

    /// <summary>Notes a contract that this service reads or writes: its schema, as the registry has it, then counts as the contract's own.</summary>
    public void Add(StateContract contract)
    {
        if (!_contracts.TryAdd(contract.Destination, contract))
            return;
        var normal = AvroSchema.Parse(contract.AvroSchema).ToJson();
        lock (_learning)
        {
            _own[normal] = contract.SchemaFingerprint;
            foreach (var (id, schema) in _known)
                if (schema.Normal == normal)
                    _fingerprints[id] = contract.SchemaFingerprint;
        }
    }

    /// <summary>
    /// What a source does at its start, for each contract: finds its schema under the subject <c>&lt;destination&gt;-value</c>, or registers it where
    /// <see cref="SchemaRegistryOptions.AutoRegister"/> lets it. A registry that does not answer stops nobody whose schema's id is kept on disk.
    /// </summary>
    /// <returns>The id that events in the contract's own schema are sent with.</returns>
    /// <exception cref="SchemaRegistryException">It cannot be told now, is not registered, or is not compatible; the message names what mends it.</exception>
    public async ValueTask<int> PrepareAsync(StateContract contract, CancellationToken ct)
    {
        Add(contract);
        var subject = AvroFraming.SubjectOf(contract.Destination);
        var sent = (subject, contract.SchemaFingerprint);
        var known = KnownId(sent);
        using var glance = known is null ? null : new CancellationTokenSource(Glance, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, glance?.Token ?? CancellationToken.None);
        try
        {
            var schema = await _source.EnsureAsync(contract, subject, either.Token).ConfigureAwait(false);
            Keep(schema);
            Send(sent, schema.Id.Number);
            return schema.Id.Number;
        }
        // What it says about the schema counts; that it says nothing does not, for an id keeps its meaning.
        catch (Exception e) when (known is not null && !ct.IsCancellationRequested && SaysNothing(e))
        {
            _sent[sent] = known.Value;
            RegistryLog.FoundInCache(_logger, e, _registry.Name, contract.Destination, subject, SchemaId.Of(known.Value));
            return known.Value;
        }
    }

    /// <summary>The id of a schema that this process sends with; false if it must be asked for. Allocates nothing.</summary>
    /// <param name="subject">The subject: <see cref="AvroFraming.SubjectOf"/>.</param>
    /// <param name="schema">The event's schema.</param>
    /// <param name="id">The id.</param>
    public bool TryGetId(string subject, Fingerprint schema, out int id) => _sent.TryGetValue((subject, schema), out id);

    /// <summary>The id of a schema that the source wrote in before its contract was changed: rows in it may still be unsent.</summary>
    /// <exception cref="SchemaRegistryException">It cannot be told now, or the subject has no such schema.</exception>
    public async ValueTask<int> IdOfAsync(string subject, Fingerprint schema, CancellationToken ct)
    {
        if (KnownId((subject, schema)) is { } known)
        {
            _sent[(subject, schema)] = known;
            return known;
        }
        foreach (var version in await _registry.HistoryAsync(subject, ct).ConfigureAwait(false))
        {
            Keep(version);
            Send((subject, version.Fingerprint), version.Id.Number);
        }
        return _sent.TryGetValue((subject, schema), out var id)
            ? id
            : throw new SchemaRegistryException(
                SchemaRegistryFault.Missing,
                $"Nothing under '{subject}' of the registry {_registry.Name} is the schema {schema}, in which unsent events were written: register the contract's earlier .avsc from its lock there."
            );
    }

    /// <summary>Takes a received value apart, if its schema is known or known to be missing; else it must be asked for. Allocates nothing.</summary>
    /// <param name="value">The value, not null.</param>
    /// <param name="header">What the header <see cref="AvroFraming.HeaderName"/> holds; empty if there is none.</param>
    /// <param name="framed">What was in it.</param>
    /// <exception cref="StateFormatException">It is framed in no known way: the event is parked with this message.</exception>
    public bool TryRead(ReadOnlyMemory<byte> value, ReadOnlySpan<byte> header, out FramedBody framed)
    {
        var id = AvroFraming.Read(value, header, out var body);
        if (_fingerprints.TryGetValue(id, out var schema))
        {
            framed = new(body, schema);
            return true;
        }
        framed = new(body, id.StandIn);
        return _missing.Holds(id);
    }

    /// <summary>
    /// Takes a received value apart. Waits, while the registry cannot tell, as long as its patience lasts; then it throws, and the receive that asked is to fail
    /// with it: the loop starts again where it was, and readiness shows the reason. Nothing is parked that could be read later.
    /// </summary>
    /// <param name="value">The value, not null.</param>
    /// <param name="header">What the header <see cref="AvroFraming.HeaderName"/> holds; empty if there is none.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <exception cref="StateFormatException">It is framed in no known way: the event is parked with this message.</exception>
    /// <exception cref="SchemaRegistryException">The registry cannot tell now.</exception>
    public ValueTask<FramedBody> ReadAsync(ReadOnlyMemory<byte> value, ReadOnlyMemory<byte> header, CancellationToken ct)
    {
        return TryRead(value, header.Span, out var framed) ? new(framed) : Ask(value, header, ct);

        async ValueTask<FramedBody> Ask(ReadOnlyMemory<byte> value, ReadOnlyMemory<byte> header, CancellationToken ct)
        {
            await LearnAsync(AvroFraming.Read(value, header.Span, out _), ct).ConfigureAwait(false);
            TryRead(value, header.Span, out var framed);
            return framed;
        }
    }

    /// <summary>Finds a writer's schema by its fingerprint, or by what stands in for one. What is not found is asked for in the background.</summary>
    public AvroSchema? Find(Fingerprint schema)
    {
        if (_schemas.TryGetValue(schema, out var known))
            return known;
        var id = SchemaId.FromStandIn(schema);
        if (_known.TryGetValue(id, out var named))
            return named.Schema;
        _missing.Want(id);
        return null;
    }

    /// <inheritdoc/>
    public string? WhyUnknown(Fingerprint schema) => _missing.ReasonFor(SchemaId.FromStandIn(schema));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _missing.DisposeAsync().ConfigureAwait(false);
        if (_registry is IAsyncDisposable asynchronous)
            await asynchronous.DisposeAsync().ConfigureAwait(false);
        else
            (_registry as IDisposable)?.Dispose();
    }

    // One question a schema; whoever else needs it waits for the same answer. It is nobody's own, so nobody's impatience ends it.
    private async ValueTask LearnAsync(SchemaId id, CancellationToken ct)
    {
        if (_known.Count >= _options.MaxSchemas)
        {
            _missing.Note(
                id,
                $"The schema with {id} is not asked for: {_options.MaxSchemas} schemas are known here already. Raise MaxSchemas if so many are right."
            );
            return;
        }
        var asking = _asked.GetOrAdd(id, static (id, self) => new(() => Task.Run(() => self.AskOnceAsync(id))), this);
        await asking.Value.WaitAsync(ct).ConfigureAwait(false);
    }

    private async Task AskOnceAsync(SchemaId id)
    {
        try
        {
            if (await AskAsync(id).ConfigureAwait(false) is { } reason)
                _missing.Note(id, reason);
        }
        catch (SchemaRegistryException e)
        {
            RegistryLog.Waiting(_logger, e, id, _registry.Name);
            throw;
        }
        finally
        {
            _asked.TryRemove(id, out _);
        }
    }

    // Why there is no such schema; null if it was found.
    private async Task<string?> AskAsync(SchemaId id)
    {
        try
        {
            if (await _registry.FindAsync(id, _missing.Stopping).ConfigureAwait(false) is not { } found)
                return $"The registry {_registry.Name} has no schema with {id}: check that the source writes to the same registry.";
            Keep(found.As(id));
            RegistryLog.Learned(_logger, _registry.Name, id, found.ToString());
            return null;
        }
        catch (SchemaRegistryException e) when (e.Fault == SchemaRegistryFault.Unusable)
        {
            return e.Message;
        }
    }

    // By its id; or, if something stored needs a schema that was known once, among all that the contracts' subjects have.
    private async Task<bool> AskAgainAsync(SchemaId id, bool isStored, CancellationToken ct)
    {
        var mayBeFingerprint = isStored && id.IsGuid;
        if (mayBeFingerprint)
            foreach (var contract in _contracts.Values)
            foreach (var version in await _registry.HistoryAsync(AvroFraming.SubjectOf(contract.Destination), ct).ConfigureAwait(false))
                Keep(version);
        if (_schemas.ContainsKey(id.StandIn) || await AskAsync(id).ConfigureAwait(false) is not { } reason)
            return true;
        _missing.Note(
            id,
            mayBeFingerprint
                ? $"Nothing that the registry {_registry.Name} has under the contracts' subjects is the schema {id.StandIn}: restore CacheDirectory, or register the contract's earlier .avsc from its lock."
                : reason
        );
        return false;
    }

    private void Keep(RegisteredSchema schema)
    {
        if (Add(schema))
            _cache.Keep(schema);
    }

    private bool Add(RegisteredSchema schema)
    {
        lock (_learning)
        {
            _schemas[schema.Fingerprint] = schema.Schema;
            if (!_known.TryAdd(schema.Id, schema))
                return false;
            // Last, for it is what readers look at.
            _fingerprints[schema.Id] = _own.GetValueOrDefault(schema.Normal, schema.Fingerprint);
            return true;
        }
    }

    private static bool SaysNothing(Exception failure) =>
        failure
            is OperationCanceledException
                or SchemaRegistryException
                {
                    Fault: SchemaRegistryFault.Unavailable or SchemaRegistryFault.Denied or SchemaRegistryFault.Protocol
                };

    private int? KnownId((string Subject, Fingerprint Schema) sent) =>
        _sent.TryGetValue(sent, out var id) ? id : _cache.FindSent(sent.Subject, sent.Schema);

    private void Send((string Subject, Fingerprint Schema) sent, int id)
    {
        _sent[sent] = id;
        _cache.KeepSent(sent.Subject, sent.Schema, id);
    }

    private static string? FolderOf(ISchemaRegistry registry, SchemaRegistryOptions options) =>
        options.CacheDirectory is null
            ? null
            : Path.Combine(options.CacheDirectory, Fingerprint.Of(System.Text.Encoding.UTF8.GetBytes(registry.Name)).ToString()[..16]);
}
