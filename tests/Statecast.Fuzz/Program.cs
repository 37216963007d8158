using System.Globalization;
using Statecast.Fuzz;

// Run by FuzzTests as a child with a memory cap:  Statecast.Fuzz DECODER SEED INPUTS [FAULT]
IDecoder[] decoders = [StateDecoder.Avro(), StateDecoder.AvroOfAnotherSchema(), StateDecoder.Json(), new SchemaDecoder()];
if (args.Length is < 3 or > 4 || decoders.FirstOrDefault(d => d.Name == args[0]) is not { } decoder)
{
    Console.Error.WriteLine(
        $"Statecast.Fuzz {string.Join('|', decoders.Select(d => d.Name))} SEED INPUTS [{string.Join('|', PlantedFault.All)}]"
    );
    return 2;
}
if (args.Length == 4)
    decoder = new PlantedFault(args[3], decoder);
return new FuzzRun(decoder, int.Parse(args[1], CultureInfo.InvariantCulture), int.Parse(args[2], CultureInfo.InvariantCulture)).Run();
