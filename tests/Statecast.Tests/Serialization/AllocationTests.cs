using System.Buffers;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Json;
using Xunit;

namespace Statecast.Tests.Serialization;

/// <summary>Alone in its time: the runtime optimizes nothing while other tests still bring in code of theirs.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class AllocationCollection;

/// <summary>Encoding allocates nothing but what its destination does; exact, so that a creeping byte is seen.</summary>
[Collection<AllocationCollection>]
public sealed class AllocationTests
{
    private static readonly StateContract<EveryValue> Contract = StateContract.Of<EveryValue>();

    [Fact]
    public void Json_encode_allocates_nothing()
    {
        var codec = new JsonStateCodec();
        var buffer = new ArrayBufferWriter<byte>(64 * 1024);
        Assert.Equal(
            0,
            Allocated(() =>
            {
                buffer.ResetWrittenCount();
                codec.Encode(Contract, Samples.Fixed, buffer);
            })
        );
        Assert.True(buffer.WrittenCount > 1000);
    }

    [Fact]
    public void Avro_encode_allocates_nothing()
    {
        var buffer = new ArrayBufferWriter<byte>(64 * 1024);
        Assert.Equal(
            0,
            Allocated(() =>
            {
                buffer.ResetWrittenCount();
                var writer = new AvroWriter(buffer);
                Contract.WriteAvro(ref writer, Samples.Fixed);
            })
        );
        Assert.True(buffer.WrittenCount > 300);
    }

    [Fact]
    public void Content_fingerprint_allocates_nothing() => Assert.Equal(0, Allocated(() => ContentFingerprint.Of(Contract, Samples.Fixed)));

    [Fact]
    public void Key_text_allocates_its_string_alone()
    {
        var guid = (StateContract<Guid, GuidKey>)StateContract.Of<GuidKey>();
        var key = new Guid("00112233-4455-6677-8899-aabbccddeeff");
        var expected = Allocated(() => new string('x', 36));
        Assert.Equal(expected, Allocated(() => guid.FormatKey(key)));
        var two = (StateContract<TwoTexts.Key, TwoTexts>)StateContract.Of<TwoTexts>();
        Assert.Equal(expected, Allocated(() => two.FormatKey(new("ü/12345678901", "abcdefghijklmno"))));
        var text = (StateContract<string, TextKey>)StateContract.Of<TextKey>();
        Assert.Equal(0, Allocated(() => text.FormatKey("plain")));
    }

    [Fact]
    public void Key_parse_and_bucket_allocate_nothing()
    {
        var guid = (StateContract<Guid, GuidKey>)StateContract.Of<GuidKey>();
        Assert.Equal(0, Allocated(() => guid.ParseKey("00112233-4455-6677-8899-aabbccddeeff")));
        Assert.Equal(0, Allocated(() => KeyText.Bucket("00112233-4455-6677-8899-aabbccddeeff")));
    }

    [Fact]
    public void Json_decode_allocates_the_state_alone()
    {
        var codec = new JsonStateCodec();
        var contract = StateContract.Of<GuidKey>();
        ReadOnlyMemory<byte> body = Samples.Json(contract, new(Guid.Empty));
        Assert.Equal(Allocated(() => new GuidKey(Guid.Empty)), Allocated(() => codec.Decode(contract, contract.SchemaFingerprint, body)));
    }

    [Fact]
    public void Json_decode_of_a_case_allocates_the_state_alone()
    {
        var codec = new JsonStateCodec();
        var contract = StateContract.Of<Marked>();
        var state = new Marked(1, new NoMark(), new(8, 30), TimeSpan.FromHours(-1.5));
        ReadOnlyMemory<byte> body = Samples.Json(contract, state);
        Assert.Equal(state, codec.Decode(contract, contract.SchemaFingerprint, body));
        var expected = Allocated(() => new Marked(1, new NoMark(), state.At, state.For));
        Assert.Equal(expected, Allocated(() => codec.Decode(contract, contract.SchemaFingerprint, body)));
    }

    [Fact]
    public void Avro_decode_allocates_the_state_alone_by_its_own_schema_and_by_another()
    {
        var contract = StateContract.Of<Marked>();
        var schemas = new AvroSchemaSet();
        const string fields = "\"fields\":[";
        var first = contract.AvroSchema.IndexOf(fields, StringComparison.Ordinal) + fields.Length;
        var another = schemas.Add(contract.AvroSchema.Insert(first, """{"name":"more","type":"int"},"""));
        var codec = new AvroStateCodec(schemas);
        var state = new Marked(1, new NoMark(), new(8, 30), TimeSpan.FromHours(-1.5));
        ReadOnlyMemory<byte> body = Samples.Avro(contract, state);
        ReadOnlyMemory<byte> other = (byte[])[10, .. body.Span];
        Assert.Equal(state, codec.Decode(contract, another, other));
        var expected = Allocated(() => new Marked(1, new NoMark(), state.At, state.For));
        Assert.Equal(expected, Allocated(() => codec.Decode(contract, contract.SchemaFingerprint, body)));
        Assert.Equal(expected, Allocated(() => codec.Decode(contract, another, other)));
    }

    [Theory, InlineData(0), InlineData(3), InlineData(1025), InlineData(20_000)]
    public void Avro_decode_of_a_list_allocates_the_list_alone(int count)
    {
        var codec = new AvroStateCodec();
        var contract = StateContract.Of<ListCell>();
        var state = new ListCell(1, [.. Enumerable.Range(0, count)]);
        ReadOnlyMemory<byte> body = Samples.Avro(contract, state);
        Assert.Equal(state.V, ((ListCell)codec.Decode(contract, contract.SchemaFingerprint, body)).V);
        var expected = Allocated(() => new ListCell(1, count == 0 ? [] : ImmutableCollectionsMarshal.AsImmutableArray(new int[count])));
        Assert.Equal(expected, Allocated(() => codec.Decode(contract, contract.SchemaFingerprint, body)));
    }

    [Fact]
    public void Field_read_by_itself_allocates_nothing()
    {
        ReadOnlyMemory<byte> json = Samples.Json(Contract, Samples.Fixed);
        ReadOnlyMemory<byte> avro = Samples.Avro(Contract, Samples.Fixed);
        IStateCodec[] codecs = [new JsonStateCodec(), new AvroStateCodec()];
        Assert.Equal(0, Allocated(() => Read(codecs[0], json)));
        Assert.Equal(0, Allocated(() => Read(codecs[1], avro)));

        static void Read(IStateCodec codec, ReadOnlyMemory<byte> body)
        {
            if (
                !codec.TryReadField(Contract, EveryValue.Fields.Owner, Contract.SchemaFingerprint, body, out var owner)
                || owner != Samples.Fixed.Owner
            )
                throw new InvalidOperationException("another owner");
        }
    }

    private static object? _kept;

    private static long Allocated<T>(Func<T> action)
        where T : class
    {
        Action keeping = () => _kept = action();
        return Allocated(keeping);
    }

    private static long Allocated(Action action)
    {
        // Pools, caches and tiers fill first, on a busy machine after a while: it ends when the least was not undercut for long enough.
        var least = long.MaxValue;
        for (var since = Stopwatch.StartNew(); least > 0 && since.Elapsed < TimeSpan.FromSeconds(1); Thread.Sleep(1))
        for (var i = 0; i < 30; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            action();
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (allocated >= least)
                continue;
            least = allocated;
            since.Restart();
        }
        return least;
    }
}
