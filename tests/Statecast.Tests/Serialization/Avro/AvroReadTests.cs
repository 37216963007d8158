using System.Collections.Immutable;
using CsCheck;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Reading;
using Statecast.Serialization.Avro.Resolving;
using Statecast.Serialization.Avro.Schemas;
using Xunit;

namespace Statecast.Tests.Serialization.Avro;

/// <summary>The generated readers, in a straight line and by a plan: what was written reads back, and nothing else is taken for it.</summary>
public sealed class AvroReadTests
{
    private static readonly StateContract<EveryValue> Contract = StateContract.Of<EveryValue>();
    private static readonly AvroStateCodec Codec = new();

    [Fact]
    public void Any_state_reads_back_the_same() =>
        Samples.Any.Sample(
            state =>
            {
                var body = Samples.Avro(Contract, state);
                var back = Codec.Decode(Contract, Contract.SchemaFingerprint, body);
                Assert.Equal(Convert.ToHexString(body), Convert.ToHexString(Samples.Avro(Contract, back)));
                Assert.Equal(Samples.Json(Contract, state), Samples.Json(Contract, back));
            },
            iter: 1000
        );

    // In a straight line, as it is read where the bytes are alike, and step by step, as if none were.
    [Theory, InlineData(true), InlineData(false)]
    public void Plan_of_the_same_schema_reads_the_same(bool alike)
    {
        var own = AvroSchema.Parse(Contract.AvroSchema);
        var resolution = AvroResolution.Of(own, AvroSchema.Parse(Contract.AvroSchema));
        Assert.True(resolution.ReadsAll);
        Assert.True(resolution.Plan!.BeginsAlike);
        if (!alike)
            TakeAsUnlike(resolution.Plan, []);
        Samples.Any.Sample(
            state =>
            {
                var body = Samples.Avro(Contract, state);
                var reader = new AvroReader(body, AvroReadLimits.Default);
                var back = Contract.ReadAvro(ref reader, resolution.Plan);
                reader.End();
                Assert.Equal(Convert.ToHexString(body), Convert.ToHexString(Samples.Avro(Contract, back)));
            },
            iter: 300
        );
    }

    [Fact]
    public void What_comes_behind_is_passed_over()
    {
        var schemas = new AvroSchemaSet();
        var writer = schemas.Add(
            """{"type":"record","name":"ListCell","fields":[{"name":"id","type":"int"},{"name":"v","type":{"type":"array","items":"int"}},{"name":"more","type":{"type":"array","items":"string"}},{"name":"last","type":"double"}]}"""
        );
        var contract = StateContract.Of<ListCell>();
        var codec = new AvroStateCodec(schemas);
        byte[] body = [2, 2, 10, 0, 2, 2, (byte)'a', 0, 0, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal([5], codec.Decode(contract, writer, body).V);
        for (var length = 0; length < body.Length; length++)
            Assert.Throws<StateFormatException>(() => codec.Decode(contract, writer, body[..length]));
        Assert.Throws<StateFormatException>(() => codec.Decode(contract, writer, (byte[])[.. body, 0]));
    }

    [Fact]
    public void Body_cut_at_any_byte_or_with_one_too_many_is_refused()
    {
        var body = Samples.Avro(Contract, Samples.Fixed);
        for (var length = 0; length < body.Length; length++)
            Refused(body[..length]);
        Assert.Contains("1 bytes follow", Refused([.. body, 0]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_changed_byte_reads_or_is_refused_with_path_and_offset() =>
        Gen.Select(Gen.Int, Gen.Byte)
            .Sample(
                (place, value) =>
                {
                    var body = Samples.Avro(Contract, Samples.Fixed);
                    body[(int)((uint)place % (uint)body.Length)] = value;
                    try
                    {
                        Codec.Decode(Contract, Contract.SchemaFingerprint, body);
                    }
                    catch (StateFormatException refused)
                    {
                        Assert.InRange(refused.Offset, 0, body.Length);
                        Assert.NotEqual("", refused.Path);
                    }
                },
                iter: 20_000
            );

    [Fact]
    public void Path_leads_to_the_value()
    {
        var contract = StateContract.Of<Deep>();
        var state = new Deep(1, [new("a", [1, 2]), new("b", [3])], ImmutableDictionary<string, int>.Empty.Add("k", 5));
        var body = Samples.Avro(contract, state);
        // id, count, "a", count 2, 1, 2, end, "b", count 1, 3: the length of "b" becomes a lie.
        var place = Array.IndexOf(body, (byte)'b') - 1;
        body[place] = 0x7F;
        var refused = Assert.Throws<StateFormatException>(() => Codec.Decode(contract, contract.SchemaFingerprint, body));
        Assert.Equal(("boxes[1].name", place), (refused.Path, (int)refused.Offset));
        Assert.Contains("length", refused.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ffffffffffffffffffff01", "more than 64 bits")]
    [InlineData("8080808080808080808002", "more than 64 bits")]
    [InlineData("80", "ends within an integer")]
    [InlineData("fffffffffffffffffe01", "no integer from -2147483648 to 2147483647")]
    public void Integer_that_is_none_is_refused(string hex, string says)
    {
        var contract = StateContract.Of<IntKey>();
        var refused = Assert.Throws<StateFormatException>(() =>
            Codec.Decode(contract, contract.SchemaFingerprint, Convert.FromHexString(hex))
        );
        Assert.Contains(says, refused.Reason, StringComparison.Ordinal);
        Assert.Equal(("id", 0), (refused.Path, refused.Offset));
    }

    [Theory]
    // id 1, then the count of an array of longs.
    [InlineData("02feffffffffffffffff01", "block of")]
    [InlineData("02808080808010", "block of")]
    // Negative, with a size beyond the end; and the one number that has no positive.
    [InlineData("0203feffff07", "a block of 8388607 bytes")]
    [InlineData("02ffffffffffffffffff0100", "remain")]
    public void Block_that_cannot_be_is_refused_before_memory_is_taken(string hex, string says)
    {
        var contract = StateContract.Of<Longs>();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var refused = Assert.Throws<StateFormatException>(() =>
            Codec.Decode(contract, contract.SchemaFingerprint, Convert.FromHexString(hex))
        );
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
        Assert.Contains(says, refused.Reason, StringComparison.Ordinal);
        Assert.Equal("values", refused.Path);
    }

    [Fact]
    public void Items_without_bytes_are_limited_too()
    {
        // A writer's array of nulls, which the reader does not know: a million items in four bytes.
        var writer = AvroSchema.Parse(
            """{"type":"record","name":"Longs","fields":[{"name":"id","type":"int"},{"name":"nothing","type":{"type":"array","items":"null"}},{"name":"values","type":{"type":"array","items":"long"}}]}"""
        );
        var contract = StateContract.Of<Longs>();
        var plan = AvroResolution.Of(writer, AvroSchema.Parse(contract.AvroSchema)).Plan!;
        var refused = Assert.Throws<StateFormatException>(() => Read(contract, plan, "0280b8ebdf0900", new() { MaxItems = 1000 }));
        Assert.Contains("more than 1000 items", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(7, Read(contract, plan, "02d00f00020e00", new() { MaxItems = 2000 }).Values.Single());
    }

    [Fact]
    public void Body_beyond_the_limit_is_refused()
    {
        var codec = new AvroStateCodec(limits: new() { MaxBodyBytes = 10 });
        var body = Samples.Avro(Contract, Samples.Fixed);
        var refused = Assert.Throws<StateFormatException>(() => codec.Decode(Contract, Contract.SchemaFingerprint, body));
        Assert.Contains("at most 10 are read", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_schema_is_refused_by_name()
    {
        var refused = Assert.Throws<StateFormatException>(() => Codec.Decode(Contract, new Fingerprint(7), Array.Empty<byte>()));
        Assert.Contains("is not known here", refused.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00", "a decimal has one byte at least")]
    [InlineData("06007fff", null)]
    [InlineData("22ffffffffffffffffffffffffffffffffff", null)]
    [InlineData("2201ffffffffffffffffffffffffffffffff", "more than 128 bits")]
    [InlineData("2000ffffffffffffffffffffffffffffff", "does not fit a decimal of 9 digits")]
    public void Decimal_may_be_longer_than_needed_and_not_larger(string hex, string? says)
    {
        var contract = StateContract.Of<Priced>();
        var body = Convert.FromHexString("02" + hex);
        if (says is null)
            Codec.Decode(contract, contract.SchemaFingerprint, body);
        else
            Assert.Contains(
                says,
                Assert.Throws<StateFormatException>(() => Codec.Decode(contract, contract.SchemaFingerprint, body)).Reason,
                StringComparison.Ordinal
            );
    }

    private static Longs Read(StateContract<Longs> contract, AvroPlan plan, string hex, AvroReadLimits limits)
    {
        var reader = new AvroReader(Convert.FromHexString(hex), limits);
        var state = contract.ReadAvro(ref reader, plan);
        reader.End();
        return state;
    }

    private static StateFormatException Refused(byte[] body) =>
        Assert.Throws<StateFormatException>(() => Codec.Decode(Contract, Contract.SchemaFingerprint, body));

    private static void TakeAsUnlike(AvroPlan? plan, HashSet<AvroPlan> seen)
    {
        if (plan is null || !seen.Add(plan))
            return;
        plan.BeginsAlike = false;
        TakeAsUnlike(plan.Item, seen);
        foreach (var step in plan.Steps)
            TakeAsUnlike(step.Plan, seen);
        foreach (var branch in plan.Branches ?? [])
            TakeAsUnlike(branch, seen);
    }
}

[StateContract("tests.deep")]
public sealed partial record Deep([StateKey] int Id, ImmutableArray<Box> Boxes, ImmutableDictionary<string, int> Counts);

public sealed record Box(string Name, ImmutableArray<int> Sizes);

[StateContract("tests.longs")]
public sealed partial record Longs([StateKey] int Id, ImmutableArray<long> Values);

[StateContract("tests.priced")]
public sealed partial record Priced([StateKey] int Id, [Decimal(9, 2)] decimal Price);
