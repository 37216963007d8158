using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Statecast.Serialization.Avro.Schemas;
using Statecast.Serialization.Compatibility;

namespace Statecast.Conformance.Registry;

/// <summary>
/// A schema registry with Confluent's API in this process, GUIDs included, which can be told to do what real ones do on bad days. It keeps what was asked, and
/// with which authorization.
/// </summary>
public sealed class StandInRegistry : IAsyncDisposable
{
    private const string Json = "application/vnd.schemaregistry.v1+json";

    private readonly ConcurrentQueue<Func<HttpListenerContext, Task<bool>>> _scripts = new();
    private readonly Lock _gate = new();
    private readonly List<(string Subject, int Version, int Id, string Schema, JsonArray? References)> _versions = [];
    private readonly List<(string Schema, Guid Guid)> _ids = [];
    private HttpListener _listener = new();
    private Task _serving = Task.CompletedTask;

    private StandInRegistry(int port) => Port = port;

    public int Port { get; }

    public string Url => $"http://127.0.0.1:{Port}";

    /// <summary>What was asked: method and path.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    /// <summary>The authorization of each request; empty for none.</summary>
    public ConcurrentQueue<string> Authorizations { get; } = [];

    /// <summary>What it demands of a schema; null for nothing.</summary>
    public CompatibilityMode? Demands { get; set; } = CompatibilityMode.Backward;

    /// <summary>Whether it has the paths of GUIDs, which are younger.</summary>
    public bool KnowsGuids { get; set; } = true;

    /// <summary>What it makes of a schema's text before it keeps it.</summary>
    public Func<string, string> Rewrites { get; set; } = static s => s;

    /// <param name="port">Its port; 0 for a free one.</param>
    public static StandInRegistry Start(int port = 0)
    {
        if (port == 0)
        {
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }
        var registry = new StandInRegistry(port);
        registry.Up();
        return registry;
    }

    public void Up()
    {
        _listener = new();
        _listener.Prefixes.Add($"{Url}/");
        _listener.Start();
        _serving = Task.Run(() => ServeAsync(_listener));
    }

    public async Task DownAsync()
    {
        _listener.Close();
        await _serving;
    }

    /// <summary>The next requests are answered so, one each.</summary>
    public void Next(int status, string body = "", string contentType = Json, string? retryAfter = null, int times = 1)
    {
        for (var i = 0; i < times; i++)
            _scripts.Enqueue(async context =>
            {
                if (retryAfter is not null)
                    context.Response.Headers.Add("Retry-After", retryAfter);
                await AnswerAsync(context, status, body, contentType);
                return true;
            });
    }

    /// <summary>The next request is answered by the test: false lets it be answered as ever afterwards.</summary>
    public void Next(Func<HttpListenerContext, Task<bool>> script) => _scripts.Enqueue(script);

    /// <summary>Registers, whatever it demands.</summary>
    public int Put(string subject, string schema, params (string Name, string Subject, int Version)[] references)
    {
        lock (_gate)
        {
            schema = Rewrites(schema);
            var known = _versions.Find(v => v.Subject == subject && v.Schema == schema);
            if (known.Id > 0)
                return known.Id;
            var id = _ids.FindIndex(s => s.Schema == schema) + 1;
            if (id == 0)
            {
                _ids.Add(
                    (schema, new Guid(Serialization.Fingerprint.Of(Encoding.UTF8.GetBytes($"guid of {schema}")).ToArray(), bigEndian: true))
                );
                id = _ids.Count;
            }
            _versions.Add((subject, _versions.Count(v => v.Subject == subject) + 1, id, schema, ReferencesOf(references)));
            return id;
        }
    }

    public Guid GuidOf(int id)
    {
        lock (_gate)
            return _ids[id - 1].Guid;
    }

    public async ValueTask DisposeAsync() => await DownAsync();

    public static Task AnswerAsync(HttpListenerContext context, int status, string body, string contentType = Json)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength64 = bytes.Length;
        return context.Response.OutputStream.WriteAsync(bytes, 0, bytes.Length);
    }

    private async Task ServeAsync(HttpListener listener)
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            // Closed: the test is over, or the registry is down.
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
            _ = Task.Run(() => HandleAsync(context));
        }
    }

    private async Task HandleAsync(HttpListenerContext context)
    {
        try
        {
            Asked.Enqueue($"{context.Request.HttpMethod} {context.Request.RawUrl}");
            Authorizations.Enqueue(context.Request.Headers["Authorization"] ?? "");
            if (!_scripts.TryDequeue(out var script) || !await script(context))
            {
                var (status, answer) = Answer(context.Request);
                await AnswerAsync(context, status, answer?.ToJsonString() ?? "");
            }
            context.Response.Close();
        }
        // The client hung up, as it should in some of the tests.
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException or IOException)
        {
            context.Response.Abort();
        }
    }

    private (int Status, JsonNode? Answer) Answer(HttpListenerRequest request)
    {
        // The raw one: a decoded path no longer tells a subject's slash from its own.
        var path = request.RawUrl!.Split('?')[0].Trim('/').Split('/').Select(Uri.UnescapeDataString).ToArray();
        lock (_gate)
            return (request.HttpMethod, path) switch
            {
                ("GET", ["schemas", "ids", var id]) => Schema(int.Parse(id)),
                ("GET", ["schemas", "ids", var id, "versions"]) => Versions(int.Parse(id)),
                ("GET", ["schemas", "guids", var guid]) when KnowsGuids => Schema(_ids.FindIndex(s => s.Guid == Guid.Parse(guid)) + 1),
                ("GET", ["schemas", "guids", var guid, "ids"]) when KnowsGuids => (200, Ids(Guid.Parse(guid))),
                ("GET", ["subjects", var subject, "versions"]) => Numbers(subject),
                ("GET", ["subjects", var subject, "versions", var version]) => Version(subject, int.Parse(version)),
                ("POST", ["subjects", var subject]) => Lookup(subject, SchemaIn(request)),
                ("POST", ["subjects", var subject, "versions"]) => Register(subject, SchemaIn(request)),
                ("POST", ["compatibility", "subjects", var subject, "versions", "latest"]) => Check(subject, SchemaIn(request)),
                _ => (404, null),
            };
    }

    private static string SchemaIn(HttpListenerRequest request)
    {
        using var json = JsonDocument.Parse(request.InputStream);
        return json.RootElement.GetProperty("schema").GetString()!;
    }

    private (int, JsonNode?) Schema(int id)
    {
        if (id < 1 || id > _ids.Count)
            return Error(404, 40403, "Schema not found");
        var answer = new JsonObject { ["schema"] = _ids[id - 1].Schema, ["guid"] = $"{_ids[id - 1].Guid}" };
        if (_versions.Find(v => v.Id == id).References is { } references)
            answer["references"] = references.DeepClone();
        return (200, answer);
    }

    private (int, JsonNode?) Versions(int id) =>
        (200, Array(_versions.Where(v => v.Id == id).Select(v => new JsonObject { ["subject"] = v.Subject, ["version"] = v.Version })));

    private JsonArray Ids(Guid guid) =>
        Array(
            Enumerable
                .Range(1, _ids.Count)
                .Where(i => _ids[i - 1].Guid == guid)
                .Select(i => new JsonObject { ["context"] = ".", ["id"] = i })
        );

    private (int, JsonNode?) Numbers(string subject)
    {
        var versions = _versions.Where(v => v.Subject == subject).Select(v => (JsonNode)v.Version).ToArray();
        return versions.Length == 0 ? Error(404, 40401, "Subject not found") : (200, new JsonArray(versions));
    }

    private (int, JsonNode?) Version(string subject, int version) =>
        _versions.Find(v => v.Subject == subject && v.Version == version) is { Id: > 0 } found
            ? (200, Described(found))
            : Error(404, 40402, "Version not found");

    private (int, JsonNode?) Lookup(string subject, string schema) =>
        _versions.Find(v => v.Subject == subject && v.Schema == Rewrites(schema)) is { Id: > 0 } found ? (200, Described(found))
        : _versions.Exists(v => v.Subject == subject) ? Error(404, 40403, "Schema not found")
        : Error(404, 40401, "Subject not found");

    private (int, JsonNode?) Register(string subject, string schema) =>
        Objections(subject, schema) is { Count: > 0 }
            ? Error(409, 409, "Schema being registered is incompatible with an earlier schema")
            : (200, Registered(Put(subject, schema)));

    private JsonObject Registered(int id) => new() { ["id"] = id, ["guid"] = $"{GuidOf(id)}" };

    private (int, JsonNode?) Check(string subject, string schema)
    {
        if (!_versions.Exists(v => v.Subject == subject))
            return Error(404, 40401, "Subject not found");
        var objections = Objections(subject, schema);
        return (
            200,
            new JsonObject
            {
                ["is_compatible"] = objections.Count == 0,
                ["messages"] = new JsonArray([.. objections.Select(o => (JsonNode)o)]),
            }
        );
    }

    private List<string> Objections(string subject, string schema) =>
        Demands is { } mode
            ?
            [
                .. SchemaCompatibility
                    .Check(
                        mode,
                        AvroSchema.Parse(schema),
                        [.. _versions.Where(v => v.Subject == subject).Select(v => AvroSchema.Parse(v.Schema))]
                    )
                    .Problems.Select(p => p.ToString()),
            ]
            : [];

    private JsonObject Described((string Subject, int Version, int Id, string Schema, JsonArray? References) version)
    {
        var described = new JsonObject
        {
            ["subject"] = version.Subject,
            ["version"] = version.Version,
            ["id"] = version.Id,
            ["schema"] = version.Schema,
            ["guid"] = $"{GuidOf(version.Id)}",
        };
        if (version.References is { } references)
            described["references"] = references.DeepClone();
        return described;
    }

    private static JsonArray? ReferencesOf((string Name, string Subject, int Version)[] references) =>
        references.Length == 0
            ? null
            : Array(
                references.Select(r => new JsonObject
                {
                    ["name"] = r.Name,
                    ["subject"] = r.Subject,
                    ["version"] = r.Version,
                })
            );

    private static JsonArray Array(IEnumerable<JsonObject> items) => new([.. items]);

    private static (int, JsonNode?) Error(int status, int code, string message) =>
        (status, new JsonObject { ["error_code"] = code, ["message"] = message });
}
