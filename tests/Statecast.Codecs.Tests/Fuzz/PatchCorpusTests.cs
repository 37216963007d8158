using System.Text;
using Statecast.Contracts;
using Statecast.Fuzz;
using Statecast.Fuzz.Corpus;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Schemas;
using Statecast.Serialization.Json;
using Statecast.Tests.Serialization;
using Xunit;

namespace Statecast.Codecs.Tests.Fuzz;

/// <summary>What mutations begin with holds each form that a patch can have: of one that it lacks, a million inputs would hardly make any.</summary>
public sealed class PatchCorpusTests
{
    private static readonly StateContract<EveryValue> Contract = StateContract.Of<EveryValue>();

    [Theory]
    [InlineData("\"line\":{\"price\":")]
    [InlineData("{\"$splice\":[")]
    [InlineData("{\"$add\":[")]
    [InlineData("],\"$remove\":[")]
    [InlineData("{\"$remove\":[")]
    [InlineData("{\"$set\":{")]
    [InlineData("},\"$remove\":[")]
    [InlineData("{\"$value\":")]
    [InlineData("{\"$type\":\"card\",\"last4\":")]
    [InlineData("{\"$type\":\"transfer\",\"line\":{\"sku\":")]
    [InlineData("\"mark\":{\"$type\":\"text\",\"text\":")]
    [InlineData(":null")]
    public void Json_corpus_holds_each_form(string form) =>
        Assert.Contains(
            StateDecoder.Patches(new JsonStateCodec()).Valid,
            patch => Encoding.UTF8.GetString(patch).Contains(form, StringComparison.Ordinal)
        );

    [Fact]
    public void Avro_corpus_changes_each_kind_of_value_in_its_place()
    {
        var patches = StateDecoder.Patches(new AvroStateCodec());
        var fields = ((AvroRecord)AvroSchema.Parse(Contract.AvroSchema)).Fields.Select(f => f.Name).ToList();
        var mask = (fields.Count + 7) / 8;
        foreach (var (field, patch) in patches.ByField)
        {
            var at = fields.FindIndex(name => string.Equals(name, field, StringComparison.OrdinalIgnoreCase));
            var expected = new byte[mask];
            expected[at >> 3] = (byte)(1 << (at & 7));
            Assert.Equal(expected, patch[..mask]);
            // An edit, not the whole value.
            Assert.True(patch[mask] == 2, $"{field}: {Convert.ToHexStringLower(patch)}");
        }
        Assert.NotEmpty(patches.ByField);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Patches_that_the_product_made_are_taken(bool json)
    {
        IStateCodec codec = json ? new JsonStateCodec() : new AvroStateCodec();
        var patches = StateDecoder.Patches(codec);
        foreach (var patch in patches.Valid)
            Assert.Equal(patches.Before.Id, codec.ApplyPatch(Contract, patches.Before, Contract.SchemaFingerprint, patch).Id);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void First_is_small_enough_to_be_mutated_again_and_again(bool json) =>
        // Of inputs above it nearly all give way to the first.
        Assert.InRange(StateDecoder.Patches(json ? new JsonStateCodec() : new AvroStateCodec()).Valid[0].Length, 200, 4_096);
}
