using System.Net;
using System.Text;
using System.Text.Json;
using Statecast.Hosting;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Serialization.Avro.Registry.Http;

/// <summary>A registry with Confluent's REST API, of whatever maker. Relies on no server's wording, and on nothing that only one of them has.</summary>
public sealed class HttpSchemaRegistry : ISchemaRegistry, IDisposable
{
    private const int MaxReferences = 100;

    private readonly RegistryHttp _http;
    private readonly SchemaRegistryOptions _options;

    /// <param name="options">Its settings, without a problem.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="entropy">Where the jitter of waits comes from.</param>
    /// <exception cref="SchemaRegistryException">A certificate cannot be read.</exception>
    public HttpSchemaRegistry(SchemaRegistryOptions options, TimeProvider clock, IEntropy entropy) =>
        (_options, _http) = (options, new(options, clock, entropy));

    /// <inheritdoc/>
    public string Name => _http.Name;

    /// <inheritdoc/>
    public async ValueTask<RegisteredSchema?> FindAsync(SchemaId id, CancellationToken ct)
    {
        var answer = await GetAsync(id.IsGuid ? $"schemas/guids/{id.Guid:D}" : $"schemas/ids/{id.Number}", ct).ConfigureAwait(false);
        if (answer.IsMissing)
            return null;
        if (!answer.IsOk && id.IsGuid)
            throw new SchemaRegistryException(
                SchemaRegistryFault.Unusable,
                $"The registry {Name} knows no schema GUIDs ({(int)answer.Status} for {id}): let the writer put the schema's id into the prefix, or use a registry that knows them."
            );
        var schema = await SchemaOfAsync(Ok(answer), id, ct).ConfigureAwait(false);
        if (_options.AllowedSubjects.Count > 0)
            await DemandAllowedAsync(id, ct).ConfigureAwait(false);
        return schema;
    }

    /// <inheritdoc/>
    public async ValueTask<RegisteredSchema?> FindAsync(string subject, string schema, CancellationToken ct)
    {
        var answer = await PostAsync($"subjects/{Escape(subject)}", schema, ct).ConfigureAwait(false);
        // 422: it is not taken for a schema at all, so it is none of the subject's.
        return answer.IsMissing || answer.Status == HttpStatusCode.UnprocessableEntity
            ? null
            : await SchemaOfAsync(Ok(answer), null, ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<RegisteredSchema>> HistoryAsync(string subject, CancellationToken ct)
    {
        var answer = await GetAsync($"subjects/{Escape(subject)}/versions", ct).ConfigureAwait(false);
        if (answer.IsMissing)
            return [];
        var versions = Ok(answer).Read(json => json.EnumerateArray().Select(v => v.GetInt32()).Order().ToList());
        var history = new List<RegisteredSchema>(versions.Count);
        foreach (var version in versions.TakeLast(_options.MaxSchemas))
        {
            var one = await GetAsync($"subjects/{Escape(subject)}/versions/{version}", ct).ConfigureAwait(false);
            // Deleted meanwhile.
            if (!one.IsMissing)
                history.Add(await SchemaOfAsync(Ok(one), null, ct).ConfigureAwait(false));
        }
        return history;
    }

    /// <inheritdoc/>
    public async ValueTask<string?> FindObjectionAsync(string subject, string schema, CancellationToken ct)
    {
        var answer = await PostAsync($"compatibility/subjects/{Escape(subject)}/versions/latest?verbose=true", schema, ct)
            .ConfigureAwait(false);
        if (answer.IsMissing)
            return null;
        if (answer.Status is HttpStatusCode.UnprocessableEntity or HttpStatusCode.Conflict)
            return answer.Words;
        return Ok(answer)
            .Read(json =>
                json.GetProperty("is_compatible").GetBoolean() ? null
                : json.TryGetProperty("messages", out var said) && said.ValueKind == JsonValueKind.Array && said.GetArrayLength() > 0
                    ? string.Join(" ", said.EnumerateArray().Select(m => m.ToString()))
                : "it is not compatible with the subject's latest schema"
            );
    }

    /// <inheritdoc/>
    public async ValueTask<RegisteredSchema> RegisterAsync(string subject, string schema, CancellationToken ct)
    {
        var answer = await PostAsync($"subjects/{Escape(subject)}/versions", schema, ct).ConfigureAwait(false);
        if (answer.Status == HttpStatusCode.Conflict)
            throw new SchemaRegistryException(
                SchemaRegistryFault.Incompatible,
                $"The registry {Name} does not take the schema under '{subject}', because of an earlier one: {answer.Words}"
            );
        if (answer.Status == HttpStatusCode.UnprocessableEntity)
            throw new SchemaRegistryException(
                SchemaRegistryFault.Unusable,
                $"The registry {Name} does not take the schema under '{subject}' for valid: {answer.Words}"
            );
        return RegisteredSchema.Of(Ok(answer).Read(json => IdOf(json.GetProperty("id"))), schema);
    }

    /// <summary>Closes its connections.</summary>
    public void Dispose() => _http.Dispose();

    private ValueTask<RegistryAnswer> GetAsync(string path, CancellationToken ct) => _http.AskAsync(HttpMethod.Get, path, null, ct);

    private ValueTask<RegistryAnswer> PostAsync(string path, string schema, CancellationToken ct)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("schema", schema);
            json.WriteEndObject();
        }
        return _http.AskAsync(HttpMethod.Post, path, body.ToArray(), ct);
    }

    private static RegistryAnswer Ok(RegistryAnswer answer) =>
        answer.IsOk
            ? answer
            : throw new SchemaRegistryException(
                SchemaRegistryFault.Protocol,
                $"{answer.Asked} was answered with {(int)answer.Status}{(answer.Words.Length > 0 ? $" ({answer.Words})" : "")}: check that Urls names a registry with Confluent's API, with its full path."
            );

    private async ValueTask<RegisteredSchema> SchemaOfAsync(RegistryAnswer answer, SchemaId? asked, CancellationToken ct)
    {
        var (id, text, kind, references) = answer.Read(json =>
            (
                asked ?? IdOf(json.GetProperty("id")),
                json.GetProperty("schema").GetString() ?? throw new FormatException("No schema."),
                json.TryGetProperty("schemaType", out var type) ? type.GetString() : null,
                SchemaReferences.Of(json)
            )
        );
        if (kind is not (null or "AVRO"))
            throw new SchemaRegistryException(
                SchemaRegistryFault.Unusable,
                $"The schema with {id} of the registry {Name} is of type {kind}; only Avro is read here."
            );
        try
        {
            if (references.Count > 0)
                text = await new SchemaReferences(GetAsync, MaxReferences).InlineAsync(text, references, ct).ConfigureAwait(false);
            return RegisteredSchema.Of(id, text);
        }
        catch (AvroSchemaException e)
        {
            throw new SchemaRegistryException(
                SchemaRegistryFault.Unusable,
                $"The schema with {id} of the registry {Name} cannot be used: {e.Message}",
                e
            );
        }
    }

    private static SchemaId IdOf(JsonElement json) =>
        json.GetInt32() is > 0 and var id ? SchemaId.Of(id) : throw new FormatException("An id is positive.");

    // By the versions that have it: which of them are listed, every server can tell.
    private async ValueTask DemandAllowedAsync(SchemaId id, CancellationToken ct)
    {
        var subjects = new List<string>();
        foreach (var number in id.IsGuid ? await NumbersOfAsync(id.Guid, ct).ConfigureAwait(false) : [id.Number])
        {
            var answer = await GetAsync($"schemas/ids/{number}/versions", ct).ConfigureAwait(false);
            if (!answer.IsMissing)
                subjects.AddRange(
                    Ok(answer).Read(json => json.EnumerateArray().Select(v => v.GetProperty("subject").GetString() ?? "").ToList())
                );
        }
        if (!subjects.Exists(IsAllowed))
            throw new SchemaRegistryException(
                SchemaRegistryFault.Unusable,
                $"The schema with {id} is of the subjects {Named(subjects)}, and none of them is among AllowedSubjects: add one, or find out who writes with it."
            );
    }

    private static string Named(List<string> subjects)
    {
        if (subjects.Count == 0)
            return "(none)";
        var first = string.Join(", ", subjects.Take(5).Select(s => $"'{s}'"));
        return subjects.Count > 5 ? $"{first} and {subjects.Count - 5} more" : first;
    }

    private async ValueTask<List<int>> NumbersOfAsync(Guid guid, CancellationToken ct) =>
        Ok(await GetAsync($"schemas/guids/{guid:D}/ids", ct).ConfigureAwait(false))
            .Read(json => json.EnumerateArray().Select(v => v.GetProperty("id").GetInt32()).ToList());

    private bool IsAllowed(string subject)
    {
        foreach (var allowed in _options.AllowedSubjects)
            if (allowed.EndsWith('*') ? subject.StartsWith(allowed[..^1], StringComparison.Ordinal) : subject == allowed)
                return true;
        return false;
    }

    internal static string Escape(string subject) => Uri.EscapeDataString(subject);
}
