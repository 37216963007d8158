using System.Net;
using Statecast.Conformance.Registry;
using Statecast.Contracts;
using Statecast.Hosting;
using Statecast.Serialization.Avro.Registry;
using Statecast.Serialization.Avro.Registry.Http;
using Xunit;

namespace Statecast.Tests.Serialization.Avro.Registry;

/// <summary>What a registry over HTTP does on a bad day, and what is made of it.</summary>
public sealed class HttpRegistryFaultTests : IAsyncDisposable
{
    private const string Html = "<html>Sign in</html>";

    private static readonly string Schema = StateContract.Of<First.Parcel>().AvroSchema;

    private readonly StandInRegistry _server = StandInRegistry.Start();

    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task Passing_failure_is_asked_again(int status)
    {
        var id = _server.Put("a-value", Schema);
        _server.Next(status, Html, "text/html", times: 2);
        Assert.Equal(Schema, (await Registry().FindAsync(SchemaId.Of(id), default))!.Text);
        Assert.Equal(3, _server.Asked.Count);
    }

    [Fact]
    public async Task Registry_that_does_not_recover_is_given_up_when_patience_ends()
    {
        _server.Next(503, times: 1000);
        var registry = Registry(o => o.Patience = TimeSpan.FromMilliseconds(300));
        var failure = await Fails(SchemaRegistryFault.Unavailable, () => registry.FindAsync(SchemaId.Of(1), default));
        Assert.Contains($"GET {_server.Url}/schemas/ids/1 was answered with 503", failure.Message, StringComparison.Ordinal);
        Assert.InRange(_server.Asked.Count, 2, 1000);
    }

    [Fact]
    public async Task Registry_says_when_to_come_again()
    {
        var id = _server.Put("a-value", Schema);
        // Sooner than patience lasts, later than any jitter of the first wait.
        _server.Next(429, retryAfter: "1");
        var started = TimeProvider.System.GetTimestamp();
        Assert.NotNull(await Registry().FindAsync(SchemaId.Of(id), default));
        Assert.True(TimeProvider.System.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(900));
        _server.Next(429, retryAfter: "3600");
        await Fails(SchemaRegistryFault.Unavailable, () => Registry().FindAsync(SchemaId.Of(id), default));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Silence_ends_at_the_timeout(bool afterTheHeaders)
    {
        var released = new TaskCompletionSource();
        _server.Next(async context =>
        {
            if (afterTheHeaders)
            {
                context.Response.SendChunked = true;
                await context.Response.OutputStream.WriteAsync("{\"schema\":"u8.ToArray());
                await context.Response.OutputStream.FlushAsync();
            }
            await released.Task;
            throw new IOException("The test is over.");
        });
        var registry = Registry(o => (o.RequestTimeout, o.Patience) = (TimeSpan.FromMilliseconds(200), TimeSpan.Zero));
        var failure = await Fails(SchemaRegistryFault.Unavailable, () => registry.FindAsync(SchemaId.Of(1), default));
        Assert.Contains("00:00:00.2000000 (RequestTimeout)", failure.Message, StringComparison.Ordinal);
        released.SetResult();
    }

    [Fact]
    public async Task Caller_need_not_wait()
    {
        _server.Next(503, times: 1000);
        using var ended = new CancellationTokenSource();
        var asking = Registry().FindAsync(SchemaId.Of(1), ended.Token).AsTask();
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Huge_answer_is_refused_before_it_is_held(bool chunked)
    {
        _server.Next(async context =>
        {
            context.Response.SendChunked = chunked;
            if (!chunked)
                context.Response.ContentLength64 = 1L << 40;
            var chunk = new byte[1 << 16];
            // Without end: who reads it all never comes back.
            while (true)
                await context.Response.OutputStream.WriteAsync(chunk);
        });
        var registry = Registry(o => o.MaxAnswerBytes = 1 << 20);
        var before = GC.GetTotalAllocatedBytes();
        var failure = await Fails(SchemaRegistryFault.Unusable, () => registry.FindAsync(SchemaId.Of(1), default));
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 32 << 20);
        Assert.Contains("1048576 bytes: raise MaxAnswerBytes", failure.Message, StringComparison.Ordinal);
        Assert.Single(_server.Asked);
    }

    [Theory]
    [InlineData(Html)]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"schema\":7}")]
    [InlineData("{\"id\":1}")]
    [InlineData("{\"schema\":null}")]
    [InlineData("{\"schema\":\"\\\"int\\\"\",\"references\":[{\"subject\":1}]}")]
    public async Task Answer_that_is_none_is_told_from_a_missing_schema(string body)
    {
        _server.Next(200, body);
        var failure = await Fails(SchemaRegistryFault.Protocol, () => Registry().FindAsync(SchemaId.Of(1), default));
        Assert.Contains("check that Urls names a registry", failure.Message, StringComparison.Ordinal);
        Assert.Single(_server.Asked);
    }

    [Theory]
    [InlineData("{\"id\":0}")]
    [InlineData("{\"id\":-3}")]
    [InlineData("{\"id\":\"7\"}")]
    [InlineData("{\"id\":9999999999}")]
    public async Task Id_that_is_none_is_never_sent_with(string body)
    {
        _server.Next(200, body);
        await Fails(SchemaRegistryFault.Protocol, async () => await Registry().RegisterAsync("a-value", Schema, default));
    }

    [Theory]
    [InlineData("")]
    [InlineData(Html)]
    [InlineData("{\"error_code\":404,\"message\":\"HTTP 404 Not Found\"}")]
    public async Task Path_that_is_not_there_is_no_missing_schema(string body)
    {
        _server.Next(404, body);
        var failure = await Fails(SchemaRegistryFault.Protocol, () => Registry().FindAsync(SchemaId.Of(1), default));
        Assert.Contains("404", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, "set User and Password, BearerToken or a client certificate")]
    [InlineData(403, "give the registry's user the right")]
    public async Task Refusal_is_not_repeated_and_says_what_to_set(int status, string advice)
    {
        _server.Next(status, "{\"error_code\":40101,\"message\":\"no\"}");
        var failure = await Fails(SchemaRegistryFault.Denied, () => Registry().FindAsync(SchemaId.Of(1), default));
        Assert.Contains(advice, failure.Message, StringComparison.Ordinal);
        Assert.Single(_server.Asked);
    }

    [Fact]
    public async Task Conflict_and_invalid_schema_are_told_apart_in_short_and_printable_words()
    {
        _server.Next(409, $"{{\"error_code\":409,\"message\":\"bad\\u0007\\n{new string('x', 5000)}\"}}");
        var conflict = await Fails(
            SchemaRegistryFault.Incompatible,
            async () => await Registry().RegisterAsync("a-value", Schema, default)
        );
        Assert.DoesNotContain(conflict.Message, char.IsControl);
        Assert.InRange(conflict.Message.Length, 100, 600);
        _server.Next(422, "{\"error_code\":42201,\"message\":\"Invalid schema\"}");
        var invalid = await Fails(SchemaRegistryFault.Unusable, async () => await Registry().RegisterAsync("a-value", Schema, default));
        Assert.Contains("Invalid schema", invalid.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirect_is_not_followed()
    {
        await using var other = StandInRegistry.Start();
        _server.Next(context =>
        {
            context.Response.Redirect($"{other.Url}/schemas/ids/1");
            return Task.FromResult(true);
        });
        var failure = await Fails(SchemaRegistryFault.Protocol, () => Registry().FindAsync(SchemaId.Of(1), default));
        Assert.Contains("redirect (302), which is never followed", failure.Message, StringComparison.Ordinal);
        Assert.Empty(other.Asked);
    }

    [Fact]
    public async Task Next_address_is_asked_and_kept_to()
    {
        await using var second = StandInRegistry.Start();
        var id = second.Put("a-value", Schema);
        var registry = Registry(o => o.Urls.Add(second.Url));
        _server.Next(503, times: 1000);
        Assert.NotNull(await registry.FindAsync(SchemaId.Of(id), default));
        Assert.NotNull(await registry.FindAsync(SchemaId.Of(id), default));
        Assert.Single(_server.Asked);
        await second.DownAsync();
        _server.Put("a-value", Schema);
        var failure = await Fails(SchemaRegistryFault.Unavailable, () => registry.FindAsync(SchemaId.Of(id), default));
        Assert.Contains("503", failure.Message, StringComparison.Ordinal);
        second.Up();
        Assert.NotNull(await registry.FindAsync(SchemaId.Of(id), default));
    }

    [Fact]
    public async Task Types_of_other_subjects_are_brought_along()
    {
        const string money = "{\"type\":\"record\",\"name\":\"x.Money\",\"fields\":[{\"name\":\"cents\",\"type\":\"long\"}]}";
        const string line = "{\"type\":\"record\",\"name\":\"x.Line\",\"fields\":[{\"name\":\"price\",\"type\":\"x.Money\"}]}";
        const string order =
            "{\"type\":\"record\",\"name\":\"x.Order\",\"fields\":[{\"name\":\"first\",\"type\":\"x.Line\"},{\"name\":\"sum\",\"type\":\"x.Money\"}]}";
        _server.Put("money", money);
        _server.Put("line", line, ("x.Money", "money", 1));
        var id = _server.Put("order", order, ("x.Line", "line", 1), ("x.Money", "money", 1));
        var found = await Registry().FindAsync(SchemaId.Of(id), default);
        Assert.Equal(
            "{\"name\":\"x.Order\",\"type\":\"record\",\"fields\":[{\"name\":\"first\",\"type\":{\"name\":\"x.Line\",\"type\":\"record\",\"fields\":[{\"name\":\"price\",\"type\":{\"name\":\"x.Money\",\"type\":\"record\",\"fields\":[{\"name\":\"cents\",\"type\":\"long\"}]}}]}},{\"name\":\"sum\",\"type\":\"x.Money\"}]}",
            found!.Schema.ToCanonicalForm()
        );
        var lost = _server.Put("lost", order, ("x.Line", "nowhere", 1));
        _server.Put("lost", line, ("x.Money", "money", 1));
        Assert.Equal(id, lost);
    }

    [Fact]
    public async Task Reference_that_leads_nowhere_or_in_a_circle_ends()
    {
        const string a = "{\"type\":\"record\",\"name\":\"x.A\",\"fields\":[{\"name\":\"b\",\"type\":[\"null\",\"x.B\"]}]}";
        const string b = "{\"type\":\"record\",\"name\":\"x.B\",\"fields\":[{\"name\":\"a\",\"type\":[\"null\",\"x.A\"]}]}";
        var lost = _server.Put("lost", a, ("x.B", "nowhere", 1));
        await Fails(SchemaRegistryFault.Unusable, () => Registry().FindAsync(SchemaId.Of(lost), default));
        _server.Put("circle", b, ("x.A", "circle-2", 1));
        var circle = _server.Put("circle-2", a.Replace("\"b\"", "\"c\"", StringComparison.Ordinal), ("x.B", "circle", 1));
        await Fails(SchemaRegistryFault.Unusable, () => Registry().FindAsync(SchemaId.Of(circle), default));
    }

    [Theory]
    [InlineData("{\"schema\":\"syntax = 3\",\"schemaType\":\"PROTOBUF\"}", "is of type PROTOBUF; only Avro is read")]
    [InlineData("{\"schema\":\"{\\\"type\\\":\\\"what\\\"}\"}", "cannot be used")]
    [InlineData("{\"schema\":\"\"}", "cannot be used")]
    public async Task Schema_that_is_no_avro_is_unusable(string body, string reason)
    {
        _server.Next(200, body);
        var failure = await Fails(SchemaRegistryFault.Unusable, () => Registry().FindAsync(SchemaId.Of(3), default));
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.Contains("id 3", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_subjects_that_are_allowed_are_read()
    {
        var ours = _server.Put("shop.order.v1-value", Schema);
        var theirs = _server.Put("other-value", StateContract.Of<Second.Parcel>().AvroSchema);
        var registry = Registry(o => o.AllowedSubjects.Add("shop.*"));
        Assert.NotNull(await registry.FindAsync(SchemaId.Of(ours), default));
        Assert.NotNull(await registry.FindAsync(SchemaId.Of(_server.GuidOf(ours)), default));
        foreach (var id in new[] { SchemaId.Of(theirs), SchemaId.Of(_server.GuidOf(theirs)) })
        {
            var failure = await Fails(SchemaRegistryFault.Unusable, () => registry.FindAsync(id, default));
            Assert.Contains("'other-value', and none of them is among AllowedSubjects", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Guid_is_found_where_the_registry_knows_them()
    {
        var id = _server.Put("a-value", Schema);
        var guid = SchemaId.Of(_server.GuidOf(id));
        Assert.Equal((guid, Schema), (await Registry().FindAsync(guid, default)) is { } found ? (found.Id, found.Text) : default);
        Assert.Null(await Registry().FindAsync(SchemaId.Of(Guid.NewGuid()), default));
        _server.KnowsGuids = false;
        var failure = await Fails(SchemaRegistryFault.Unusable, () => Registry().FindAsync(guid, default));
        Assert.Contains("knows no schema GUIDs", failure.Message, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task<SchemaRegistryException> Fails(SchemaRegistryFault fault, Func<ValueTask<RegisteredSchema?>> ask)
    {
        var failure = await Assert.ThrowsAsync<SchemaRegistryException>(async () => await ask());
        Assert.Equal(fault, failure.Fault);
        return failure;
    }

    private HttpSchemaRegistry Registry(Action<SchemaRegistryOptions>? configure = null)
    {
        var options = new SchemaRegistryOptions { Urls = { _server.Url }, Patience = TimeSpan.FromSeconds(5) };
        configure?.Invoke(options);
        Assert.Null(options.FindProblem());
        return new(options, TimeProvider.System, SystemEntropy.Instance);
    }
}
