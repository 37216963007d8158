using System.Globalization;
using Statecast.Fuzz;

// Run by FuzzTests as a child with a memory cap:  Statecast.Fuzz DECODER SEED INPUTS [FAULT]
// Only what is asked for is made: a corpus takes room that the cap has not.
var decoders = new Dictionary<string, Func<string, IDecoder>>
{
    ["avro"] = StateDecoder.Avro,
    ["avro-resolved"] = StateDecoder.AvroOfAnotherSchema,
    ["json"] = StateDecoder.Json,
    ["avro-patch"] = StateDecoder.AvroPatches,
    ["json-patch"] = StateDecoder.JsonPatches,
    ["schema"] = name => new SchemaDecoder(name),
    ["json-schema"] = name => new JsonSchemaDecoder(name),
    ["avro-field"] = FieldDecoder.Avro,
    ["json-field"] = FieldDecoder.Json,
    ["avro-framing"] = WordDecoder.AvroFraming,
    ["cloud-event"] = WordDecoder.CloudEvent,
    ["structured-event"] = WordDecoder.StructuredEvent,
    ["heartbeat"] = WordDecoder.Heartbeat,
    ["state-request"] = WordDecoder.StateRequest,
    ["range-mark"] = WordDecoder.RangeMark,
    ["rabbit-marker"] = WordDecoder.RabbitMarker,
    ["key"] = WordDecoder.Key,
};
if (args.Length is < 3 or > 4 || decoders.GetValueOrDefault(args[0]) is not { } make)
{
    Console.Error.WriteLine($"Statecast.Fuzz {string.Join('|', decoders.Keys)} SEED INPUTS [{string.Join('|', PlantedFault.All)}]");
    return 2;
}
var decoder = make(args[0]);
if (args.Length == 4)
    decoder = new PlantedFault(args[3], decoder);
return new FuzzRun(decoder, int.Parse(args[1], CultureInfo.InvariantCulture), int.Parse(args[2], CultureInfo.InvariantCulture)).Run();
